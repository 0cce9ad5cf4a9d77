//! Both ends of a copy over a socket pair, on real directories.

#[cfg(test)]
mod both_ends;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod resumed;
#[cfg(test)]
mod trees;
