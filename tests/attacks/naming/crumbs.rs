//! HTTP/2, where a client may send each cookie in a field of its own.

use reqwest::header::COOKIE;
use reqwest::{Client, Version};

use crate::site::{Target, cookie};

pub(super) async fn over_http2() {
    let client = Client::builder().http2_prior_knowledge().build().unwrap();
    for target in Target::all().await {
        let (ann, eve) = (target.user(1).await, target.user(2).await);
        let own: Vec<_> = ann
            .jar
            .all()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let ask = async |crumbs: &[String]| {
            let mut request = client.get(target.site.url("/public"));
            for crumb in crumbs {
                request = request.header(COOKIE, crumb);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.version(), Version::HTTP_2);
            answer.text().await.unwrap()
        };
        for place in [0, 50, 98] {
            let mut crumbs: Vec<_> = (0..98).map(|n| format!("crumb{n}=x")).collect();
            assert_eq!(ask(&crumbs).await, "nobody");
            for (cookie, place) in own.iter().zip([place, 98 - place]) {
                crumbs.insert(place, cookie.clone());
            }
            assert_eq!(ask(&crumbs).await, "1", "{:?}", target.kept);
            target.is_user(1, crumbs.join("; ")).await;
            crumbs.insert(99 - place, cookie(&eve, ".id"));
            assert_eq!(ask(&crumbs).await, "nobody", "{:?}", target.kept);
        }
    }
}
