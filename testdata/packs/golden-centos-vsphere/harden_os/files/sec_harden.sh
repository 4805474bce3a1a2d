#!/bin/sh
# Closes what a node of a cluster does not need. Runs once while the image is prepared.
set -eu

# No login as root and none by password once the image is in use.
sed -i \
    -e 's/^#*PermitRootLogin.*/PermitRootLogin no/' \
    -e 's/^#*PasswordAuthentication.*/PasswordAuthentication no/' \
    /etc/ssh/sshd_config
systemctl reload sshd

cat > /etc/sysctl.d/90-harden.conf <<'SYSCTL'
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
SYSCTL
sysctl --system > /dev/null

chmod 0600 /etc/crontab
date -u > /etc/hardened
