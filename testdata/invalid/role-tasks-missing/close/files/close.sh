#!/bin/sh
shutdown now
