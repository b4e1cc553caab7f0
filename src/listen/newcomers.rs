//! The end of a listener: whoever comes must not be lost between the last look and the closing.

use std::io;

use socket2::{SockFilter, SockRef};
use tokio::net::TcpListener;

/// Makes the kernel drop every packet that opens a connection, and nothing else: of a handshake
/// that had begun the rest may still come.
///
/// Whoever is turned away so tries again, after a second by default, and is refused by then.
///
/// # Errors
/// Where the system has no such filters.
pub(super) fn turn_away(listener: &TcpListener) -> io::Result<()> {
    SockRef::from(listener).attach_filter(&[
        SockFilter::new(LOAD_BYTE, 0, 0, TCP_FLAGS_OFFSET),
        SockFilter::new(SKIP_UNLESS_SET, 0, 1, TCP_FLAG_SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ])
}

/// `BPF_LD | BPF_B | BPF_ABS`: the byte there. A filter of a TCP socket sees packets from their TCP
/// header on.
const LOAD_BYTE: u16 = 0x30;
/// `BPF_JMP | BPF_JSET | BPF_K`: goes on, or past one instruction if none of these bits is set.
const SKIP_UNLESS_SET: u16 = 0x45;
/// `BPF_RET | BPF_K`: so much of the packet is kept; nothing drops it.
const RETURN: u16 = 0x06;
/// RFC 9293 3.1.
const TCP_FLAGS_OFFSET: u32 = 13;
/// On a listener only a client's first packet has it.
const TCP_FLAG_SYN: u32 = 0x02;
