//! `main` is no handler.
use muffin_session::{login_required, user_loader};

#[login_required]
#[tokio::main]
async fn main() {}

mod other {
    use super::*;

    #[user_loader]
    #[tokio::main]
    async fn main() {}
}

mod expanded_before {
    use super::*;

    #[tokio::main]
    #[login_required]
    async fn main() {}
}
