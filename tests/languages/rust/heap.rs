// heap MEBIBYTES: allocates and touches as much, in blocks that it keeps.
fn main() {
    let count: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let blocks: Vec<Vec<u8>> = (0..count).map(|_| vec![b'x'; 1 << 20]).collect();
    println!("{} MiB", blocks.iter().map(|block| block.len()).sum::<usize>() >> 20);
}
