//! What requests do, and in which orders their points can come.

use crate::site::{Deed, Key, User};

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Shows the messages that wait.
    Read,
    Write,
    Flash,
    /// Logs in who is there already, if somebody is.
    Login,
    LoginAsAnother,
    Logout,
}

pub(crate) const ALL: [Kind; 6] = [
    Kind::Read,
    Kind::Write,
    Kind::Flash,
    Kind::Login,
    Kind::LoginAsAnother,
    Kind::Logout,
];

/// Those that change most: of a guest's, the first two.
pub(crate) const FEW: [Kind; 3] = [Kind::Write, Kind::Login, Kind::Logout];

/// Who is logged in at the beginning, if somebody is, and who else may log in.
pub(crate) const ONE: User = 1;
pub(crate) const ANOTHER: User = 2;

/// What each request writes is under a key of its own.
pub(crate) const KEYS: [Key; 3] = ["first", "second", "third"];

impl Kind {
    /// The deed of the request with this number.
    pub(crate) fn deed(self, number: usize) -> Deed {
        let message = u32::try_from(number).expect("a small number");
        match self {
            Self::Read => Deed::Show,
            Self::Write => Deed::Insert(KEYS[number], 10 + message),
            Self::Flash => Deed::Flash(message),
            Self::Login => Deed::Login(ONE),
            Self::LoginAsAnother => Deed::Login(ANOTHER),
            Self::Logout => Deed::Logout,
        }
    }

    /// Whom it logs in.
    pub(crate) fn user(self) -> Option<User> {
        match self {
            Self::Login => Some(ONE),
            Self::LoginAsAnother => Some(ANOTHER),
            Self::Read | Self::Write | Self::Flash | Self::Logout => None,
        }
    }

    /// Whether it ends the session that it finds.
    pub(crate) fn ends_sessions(self) -> bool {
        self == Self::Logout || self.user().is_some()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    Begins,
    IsHandled,
    Arrives,
}

/// The points of some requests, one after the other.
pub(crate) type Order = Vec<(usize, Point)>;

/// All orders in which the requests begin as they are numbered.
pub(crate) fn orders(requests: usize) -> Vec<Order> {
    let mut orders = Vec::new();
    extend(&mut Vec::new(), &mut vec![None; requests], &mut orders);
    orders
}

/// `reached` says which point each request has come to.
fn extend(so_far: &mut Order, reached: &mut Vec<Option<Point>>, orders: &mut Vec<Order>) {
    let mut is_whole = true;
    for request in 0..reached.len() {
        let before = reached[request];
        let next = match before {
            None if request > 0 && reached[request - 1].is_none() => continue,
            None => Point::Begins,
            Some(Point::Begins) => Point::IsHandled,
            Some(Point::IsHandled) => Point::Arrives,
            Some(Point::Arrives) => continue,
        };
        is_whole = false;
        reached[request] = Some(next);
        so_far.push((request, next));
        extend(so_far, reached, orders);
        so_far.pop();
        reached[request] = before;
    }
    if is_whole {
        orders.push(so_far.clone());
    }
}

/// All choices of what so many requests do.
pub(crate) fn choices(kinds: &[Kind], requests: usize) -> Vec<Vec<Kind>> {
    let mut choices = vec![Vec::new()];
    for _ in 0..requests {
        let longer = choices.iter().flat_map(|choice: &Vec<Kind>| {
            kinds.iter().map(|kind| [&choice[..], &[*kind]].concat())
        });
        choices = longer.collect();
    }
    choices
}
