//! A session's recording page by page, as asciicast, also where KMS encrypted the session: then it is decrypted here, with
//! the caller's own permission on the key, and the service learns nothing.

use usher_aws::{Identity, RecordingPage};
use usher_wire::cast::{Cast, Moment};
use usher_wire::encryption::context;
use usher_wire::sealed_recording::{OfferedKey, Said, SealedMoment, Unsealer};

use crate::error::Error;
use crate::reach::Reach;

/// Reads one recording.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    reach: &'a Reach,
    session: String,
    token: Option<String>,
    is_over: bool,
    unsealer: Unsealer,
    cast: Cast,
}

/// What a line of a sealed recording becomes in a cast.
enum Opened {
    Output(Vec<u8>),
    Size { columns: u16, rows: u16 },
    Lost(String),
    End,
}

impl<'a> Reader<'a> {
    /// Of this session's, from its beginning.
    pub(crate) fn new(reach: &'a Reach, session: String) -> Self {
        Self {
            reach,
            session,
            token: None,
            is_over: false,
            unsealer: Unsealer::default(),
            cast: Cast::default(),
        }
    }

    /// The next lines; none after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let credentials = self.reach.credentials().await?;
        let identity = Identity::Keys(&credentials);
        let token = self.token.take();
        let ssm = self.reach.ssm();
        let page = ssm.recording(identity, &self.session, token).await?;
        let lines = match page.is_sealed {
            true => self.opened(&page).await?,
            false => page.content,
        };
        self.token = page.next_token;
        self.is_over = self.token.is_none();
        Ok(Some(lines))
    }

    async fn opened(&mut self, page: &RecordingPage) -> Result<String, Error> {
        let mut events = Vec::new();
        for line in page.content.lines() {
            let (at, moment) = SealedMoment::parse(line).ok_or(Error::SenselessRecording)?;
            let opened = match moment {
                SealedMoment::Lost(why) => Opened::Lost(why),
                SealedMoment::End => Opened::End,
                SealedMoment::Message(message) => match self.unsealer.take(&message)? {
                    Said::Output(bytes) => Opened::Output(bytes),
                    Said::Size { columns, rows } => Opened::Size { columns, rows },
                    Said::Key(offered) => {
                        self.decrypt(offered, &page.target).await?;
                        continue;
                    }
                    Said::Nothing => continue,
                },
            };
            events.push((at, opened));
        }
        let moments: Vec<(u64, Moment<'_>)> = events
            .iter()
            .map(|(at, opened)| (*at, opened.moment()))
            .collect();
        let mut lines = String::new();
        if !moments.is_empty() || page.next_token.is_none() {
            self.cast.lines(0, &moments, &mut lines);
        }
        Ok(lines)
    }

    /// Has KMS decrypt the session's data key, in the context of this session on its node and no other.
    async fn decrypt(&mut self, offered: OfferedKey, node: &str) -> Result<(), Error> {
        let credentials = self.reach.credentials().await?;
        let kms = self.reach.kms();
        let context = context(&self.session, node, offered.challenge.as_deref());
        let identity = Identity::Keys(&credentials);
        let key = kms
            .decrypt(identity, &offered.key_id, &offered.ciphertext, &context)
            .await
            .map_err(|cause| Error::SealedRecording {
                key: offered.key_id,
                endpoint: kms.endpoint().to_string(),
                cause,
            })?;
        self.unsealer.take_key(&key)?;
        Ok(())
    }
}

impl Opened {
    fn moment(&self) -> Moment<'_> {
        match self {
            Self::Output(bytes) => Moment::Output(bytes),
            Self::Size { columns, rows } => Moment::Size {
                columns: *columns,
                rows: *rows,
            },
            Self::Lost(why) => Moment::Lost(why),
            Self::End => Moment::End,
        }
    }
}
