//! What holds for whoever looks with whatever cookies: stated once more, without a word of how it comes about.

use crate::site::share;
use crate::state::World;
use crate::steps::CARRIED;
use crate::work::Request;

/// Whose numbers are they?
fn owner(number: u32) -> u32 {
    number / share(Some(1))
}

/// Looks at what a request has got to see.
pub(crate) fn hold(world: &World, request: &Request) {
    let seen = request.seen();
    let user = seen.user.map_or(0, u32::from);
    for (key, number) in &seen.data {
        let is_own = owner(*number) == user;
        let is_carried = key == CARRIED && owner(*number) == 0;
        assert!(
            is_own || is_carried,
            "user {user} sees data of user {}",
            owner(*number)
        );
    }
    let Some(identity) = request.identity else {
        return;
    };
    let login = identity.sid.login;
    assert!(
        world.now < identity.started + world.terms.lifetime,
        "a login has outlived its lifetime"
    );
    assert!(
        !world.ended.contains(&(login, None)),
        "a session counts that has ended in the store"
    );
    assert!(
        !world.ended.contains(&(login, Some(request.process))),
        "a login counts in the process that saw it end"
    );
}
