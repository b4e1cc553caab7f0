//! The load itself: as many calls at once as allowed, or one whenever it is due.

use std::collections::VecDeque;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::bodies::Bodies;
use crate::connection::Connection;
use crate::report::Report;
use crate::tokens::Mint;

#[derive(Args)]
pub(crate) struct Options {
    /// The server: 127.0.0.1:9191 or unix:///run/jotgate/grpc.sock.
    #[arg(long)]
    address: String,
    /// The path of the method, /package.Service/Method.
    #[arg(long)]
    method: String,
    /// A file of gRPC messages, which are sent in turn.
    #[arg(long)]
    bodies: PathBuf,
    /// A token in the first message that is replaced by a new one each time.
    #[arg(long, requires_all = ["key", "claims"])]
    fresh: Option<String>,
    /// Signs the new tokens, a JWK.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The claims of the new tokens, a JSON object.
    #[arg(long)]
    claims: Option<String>,
    /// Requests, all together.
    #[arg(long, default_value_t = u64::MAX)]
    requests: u64,
    /// How long to send.
    #[arg(long, default_value_t = 1e9)]
    seconds: f64,
    /// Requests a second, at random times, whether the server keeps up or not. Without it, the next
    /// request is sent when one is answered.
    #[arg(long)]
    rate: Option<f64>,
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Calls at once on each connection.
    #[arg(long, default_value_t = 16)]
    streams: usize,
    /// Each call is a stream that stays, with one message after the other.
    #[arg(long, conflicts_with = "rate")]
    long_lived: bool,
}

impl Options {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let mut bodies = Bodies::read(&self.bodies)?;
        if let (Some(sample), Some(key), Some(claims)) = (&self.fresh, &self.key, &self.claims) {
            bodies = bodies.with_fresh_tokens(sample, Mint::new(key, claims)?)?;
        }
        let connections = (0..self.connections)
            .map(|_| Connection::open(&self.address, &self.method))
            .collect::<Result<Vec<_>, _>>()?;
        let mut load = Load {
            connections,
            bodies,
            report: Report::default(),
            sent: 0,
            end: Instant::now() + Duration::from_secs_f64(self.seconds),
            options: self,
        };
        let start = Instant::now();
        match load.options.rate {
            Some(rate) => load.at(rate)?,
            None => load.as_fast_as_it_goes()?,
        }
        println!("{}", load.report.to_json(load.sent, start.elapsed()));
        Ok(())
    }
}

struct Load {
    options: Options,
    connections: Vec<Connection>,
    bodies: Bodies,
    report: Report,
    sent: u64,
    end: Instant,
}

impl Load {
    /// Closed loop.
    fn as_fast_as_it_goes(&mut self) -> Result<(), Box<dyn Error>> {
        loop {
            let now = Instant::now();
            let is_over = now >= self.end || self.sent >= self.options.requests;
            let mut under_way = 0;
            for connection in &mut self.connections {
                if is_over {
                    if self.options.long_lived {
                        connection.hang_up();
                    }
                } else {
                    fill(
                        connection,
                        &self.options,
                        &mut self.bodies,
                        &mut self.sent,
                        now,
                    )?;
                }
                exchange(connection, &mut self.report)?;
                under_way += connection.calls();
            }
            if is_over && under_way == 0 {
                return Ok(());
            }
            give_up_if(now > self.end + PATIENCE)?;
        }
    }

    /// Open loop: a request that cannot be sent yet is late, and its answer is counted from when
    /// it was due. How late the load itself was, and how busy, is told, too: a load that does not
    /// keep up measures itself.
    fn at(&mut self, rate: f64) -> Result<(), Box<dyn Error>> {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut late: Vec<VecDeque<Instant>> = vec![VecDeque::new(); self.connections.len()];
        let mut now = Instant::now();
        let (mut due, mut turn) = (now, 0);
        loop {
            let sent = self.sent;
            while due <= now && due < self.end && self.sent < self.options.requests {
                self.report.noticed(now - due);
                late[turn].push_back(due);
                turn = (turn + 1) % late.len();
                self.sent += 1;
                due += random.pause(rate);
            }
            let is_over = due >= self.end || self.sent >= self.options.requests;
            let (mut under_way, mut received) = (0, 0);
            for (connection, late) in self.connections.iter_mut().zip(&mut late) {
                while let Some(due) = late.front().copied() {
                    if connection.calls() >= self.options.streams || !connection.takes(ROOM_BYTES) {
                        break;
                    }
                    connection.call(self.bodies.advance()?, due, true);
                    late.pop_front();
                }
                received += exchange(connection, &mut self.report)?;
                under_way += connection.calls() + late.len();
            }
            if is_over && under_way == 0 {
                return Ok(());
            }
            let begun = std::mem::replace(&mut now, Instant::now());
            if self.sent > sent || received > 0 {
                self.report.busy += now - begun;
            }
            give_up_if(now > self.end + PATIENCE)?;
        }
    }
}

/// Sends what may be sent while fewer calls are under way than allowed.
fn fill(
    connection: &mut Connection,
    options: &Options,
    bodies: &mut Bodies,
    sent: &mut u64,
    now: Instant,
) -> Result<(), Box<dyn Error>> {
    if options.long_lived {
        for stream in connection.idle.split_off(0) {
            if connection.takes(ROOM_BYTES) && connection.say(stream, bodies.advance()?, now) {
                *sent += 1;
            } else {
                connection.idle.push(stream);
            }
        }
    }
    while connection.calls() < options.streams
        && *sent < options.requests
        && connection.takes(ROOM_BYTES)
    {
        connection.call(bodies.advance()?, now, !options.long_lived);
        *sent += 1;
    }
    Ok(())
}

/// Writes and reads what goes without waiting; returns how many frames came. The core is the load's
/// own: it asks again and again, because being woken would take longer than many an answer.
fn exchange(connection: &mut Connection, report: &mut Report) -> Result<usize, Box<dyn Error>> {
    connection.flush()?;
    let received = connection.receive(report)?;
    if received == 0 {
        std::thread::yield_now();
    }
    Ok(received)
}

fn give_up_if(is_hopeless: bool) -> Result<(), Box<dyn Error>> {
    if is_hopeless {
        return Err("the server does not answer any more".into());
    }
    Ok(())
}

/// Pauses as between the requests of many clients that know nothing of each other.
struct Random(u64);

impl Random {
    fn pause(&mut self, rate: f64) -> Duration {
        // xorshift64: good enough for times, and the same ones in every run.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let share = ((self.0 >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        Duration::from_secs_f64(-share.ln() / rate)
    }
}

/// The largest message fits.
const ROOM_BYTES: usize = 16_384;
/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(60);
