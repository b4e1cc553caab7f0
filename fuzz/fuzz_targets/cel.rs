#![no_main]

libfuzzer_sys::fuzz_target!(
    // A panic of the interpreter is caught and counts as a refusal, but libFuzzer's hook would end the
    // process before that.
    init: std::panic::set_hook(Box::new(|_| ())),
    |data: &[u8]| jotgate_fuzz::cel::run(data)
);
