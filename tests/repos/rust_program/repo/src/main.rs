fn main() {
    let sequence = std::env::args().nth(1).unwrap_or_default();
    let gc = sequence.chars().filter(|base| "GCgc".contains(*base)).count();
    println!("usage: gc SEQUENCE\n{}", gc);
}
