//! Many connections in one port session, as a hostile client frames them: the agent's end of smux takes them or ends,
//! and does not wait for ever.
#![no_main]

use std::num::NonZeroUsize;

use async_smux::MuxBuilder;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, duplex, sink};
use tokio::task::JoinSet;

/// As in the agent.
const WAITING_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);
const ARRIVED_FRAMES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(serve(bytes));
});

async fn serve(bytes: &[u8]) {
    let (mut client, carrier) = duplex(1 << 16);
    let (_connector, mut acceptor, worker) = MuxBuilder::server()
        .with_max_tx_queue(WAITING_FRAMES)
        .with_max_rx_queue(ARRIVED_FRAMES)
        .with_connection(carrier)
        .build();
    let says = async {
        let _ = client.write_all(bytes).await;
        let _ = client.shutdown().await;
        let _ = client.read_to_end(&mut Vec::new()).await;
    };
    let serves = async {
        let mut streams = JoinSet::new();
        let mut worker = std::pin::pin!(worker);
        loop {
            tokio::select! {
                _ = &mut worker => return,
                Some(_) = streams.join_next() => {}
                stream = acceptor.accept(), if streams.len() < 64 => match stream {
                    Some(mut stream) => {
                        streams.spawn(async move { copy(&mut stream, &mut sink()).await });
                    }
                    None => return,
                },
            }
        }
    };
    tokio::select! {
        () = serves => {}
        () = says => {}
    }
}
