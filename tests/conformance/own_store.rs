//! A store of one's own, as small as it can be: a map behind a mutex. It keeps the whole contract.

pub(crate) use muffin_session_tests::map_store::MapStore;

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    muffin_session::conformance::check(MapStore::default()).await;
}

#[tokio::test]
async fn keeps_the_contract_on_one_thread() {
    muffin_session::conformance::check(MapStore::default()).await;
}
