pub fn number() -> i32 {
    42
}
