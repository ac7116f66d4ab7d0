mod module;

fn main() {
    println!("{} {}", part::name(), module::number());
}
