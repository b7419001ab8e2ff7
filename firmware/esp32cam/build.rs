//! Hands what the ESP-IDF build found out to the compiler.

fn main() {
    embuild::espidf::sysenv::output();
}
