//! A placeholder for a logo: a pack's initials on a colour that its name chooses.

/// The side of the picture, in pixels.
const SIDE: usize = 128;
/// How many pixels one point of a letter has, with one or two letters.
const POINTS: [usize; 2] = [12, 9];
/// The columns and rows of a letter.
const LETTER: (usize, usize) = (5, 7);

/// The letters, row by row; of a row the leftmost point is the highest of five bits.
const LETTERS: [(char, [u8; 7]); 36] = [
    ('A', [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001]),
    ('B', [0b11110, 0b10001, 0b10001, 0b11110, 0b10001, 0b10001, 0b11110]),
    ('C', [0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110]),
    ('D', [0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110]),
    ('E', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111]),
    ('F', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000]),
    ('G', [0b01110, 0b10001, 0b10000, 0b10111, 0b10001, 0b10001, 0b01111]),
    ('H', [0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001]),
    ('I', [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('J', [0b00111, 0b00010, 0b00010, 0b00010, 0b00010, 0b10010, 0b01100]),
    ('K', [0b10001, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0b10001]),
    ('L', [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111]),
    ('M', [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001]),
    ('N', [0b10001, 0b11001, 0b10101, 0b10011, 0b10001, 0b10001, 0b10001]),
    ('O', [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('P', [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000]),
    ('Q', [0b01110, 0b10001, 0b10001, 0b10001, 0b10101, 0b10010, 0b01101]),
    ('R', [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001]),
    ('S', [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110]),
    ('T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('U', [0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110]),
    ('V', [0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01010, 0b00100]),
    ('W', [0b10001, 0b10001, 0b10001, 0b10101, 0b10101, 0b11011, 0b10001]),
    ('X', [0b10001, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001, 0b10001]),
    ('Y', [0b10001, 0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('Z', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b10000, 0b11111]),
    ('0', [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111]),
    ('3', [0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110]),
    ('4', [0b10010, 0b10010, 0b10010, 0b11111, 0b00010, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    ('6', [0b01110, 0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00001, 0b01110]),
];

/// Backgrounds on which white can be read.
const COLORS: [[u8; 3]; 8] = [
    [0x1f, 0x6f, 0xeb],
    [0x0b, 0x72, 0x85],
    [0x2b, 0x7a, 0x3f],
    [0x5b, 0x6b, 0x0f],
    [0xa8, 0x55, 0x0c],
    [0xb4, 0x23, 0x2a],
    [0x9c, 0x27, 0x78],
    [0x5b, 0x3c, 0xc4],
];

/// Returns a PNG picture of 128 × 128 pixels with the initials of a name; the same name has the same bytes.
pub fn placeholder(name: &str) -> Vec<u8> {
    let sum = name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let color = COLORS[sum % COLORS.len()];
    let mut pixels = color.repeat(SIDE * SIDE);
    let initials = initials(name);
    let point = POINTS[initials.len().saturating_sub(1).min(1)];
    // One point lies between two letters.
    let columns = initials.len() * LETTER.0 + initials.len().saturating_sub(1);
    let (left, top) = ((SIDE - columns * point) / 2, (SIDE - LETTER.1 * point) / 2);
    for (place, letter) in initials.iter().enumerate() {
        let (_, rows) = LETTERS.iter().find(|(known, _)| known == letter).expect("initials are known letters");
        for (row, bits) in rows.iter().enumerate() {
            for column in (0..LETTER.0).filter(|column| bits >> (LETTER.0 - 1 - column) & 1 == 1) {
                let x = left + (place * (LETTER.0 + 1) + column) * point;
                fill(&mut pixels, x, top + row * point, point);
            }
        }
    }
    encode(&pixels)
}

/// Returns one or two letters or digits: those that two words begin with, or the first of one word.
fn initials(name: &str) -> Vec<char> {
    let letters = |word: &str| -> Vec<char> {
        word.chars().map(|letter| letter.to_ascii_uppercase()).filter(char::is_ascii_alphanumeric).collect()
    };
    let words: Vec<Vec<char>> =
        name.split(['-', '_', '.', '/', ' ']).map(letters).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => Vec::new(),
        [word] => word.iter().take(2).copied().collect(),
        [first, second, ..] => vec![first[0], second[0]],
    }
}

fn fill(pixels: &mut [u8], left: usize, top: usize, side: usize) {
    for y in top..top + side {
        let start = (y * SIDE + left) * 3;
        pixels[start..start + side * 3].fill(0xff);
    }
}

fn encode(pixels: &[u8]) -> Vec<u8> {
    let side = u32::try_from(SIDE).expect("a logo is small");
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a Vec takes all, and the picture has a size");
    writer.write_image_data(pixels).expect("a Vec takes all, and each pixel has three bytes");
    writer.finish().expect("a Vec takes all");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_words() {
        for (name, expected) in [
            ("ingress-nginx", "IN"),
            ("redis", "RE"),
            ("k8s", "K8"),
            ("a", "A"),
            ("x.y.z", "XY"),
            ("é-b", "B"),
            ("--", ""),
        ] {
            assert_eq!(initials(name).into_iter().collect::<String>(), expected, "{name}");
        }
    }

    #[test]
    fn the_picture_is_what_a_reader_of_png_sees() {
        let bytes = placeholder("ingress-nginx");
        assert_eq!(bytes, placeholder("ingress-nginx"));
        assert_ne!(bytes, placeholder("redis"));
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (128, 128));
        let white = pixels.chunks(3).filter(|pixel| *pixel == [0xff; 3]).count();
        // The points of I and N.
        assert_eq!(white, (11 + 17) * POINTS[1] * POINTS[1]);
        for name in ["", "---", "é"] {
            assert!(placeholder(name).starts_with(b"\x89PNG"), "{name}");
        }
    }
}
