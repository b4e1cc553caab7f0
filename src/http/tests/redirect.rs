use super::get;
use crate::deny::Redirect;
use crate::fixture::Fixture;

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

fn fixture() -> Fixture {
    Fixture::with(|setup| {
        let url = "https://login.example.com/?return_to={url}";
        setup.beside.deny.redirect = Some(Redirect::new(url).expect("a URL"));
    })
}

#[tokio::test]
async fn a_browser_behind_a_proxy_that_hands_on_redirects_is_redirected() {
    let fixture = fixture();
    let forwarded = [
        PAGE,
        ("x-forwarded-method", "GET"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "shop.example.com"),
        ("x-forwarded-uri", "/cart?x=1"),
    ];
    let back = "http%3A%2F%2Fshop.example.com%2Fcart%3Fx%3D1";
    for (target, headers, back) in [
        ("/auth", &forwarded[..], back),
        ("/envoy/cart", &[PAGE], "https%3A%2F%2Fgate%2Fcart"),
    ] {
        let answer = get(&fixture, target, headers).await;
        assert_eq!(answer.status(), 302, "{target}");
        let location = format!("https://login.example.com/?return_to={back}");
        assert_eq!(answer.header("location"), location);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("www-authenticate"), "-");
    }
}

/// nginx makes an error of its own of every status but 401 and 403.
#[tokio::test]
async fn nginx_is_told_where_to_and_redirects_itself() {
    let headers = [
        PAGE,
        ("x-original-method", "GET"),
        ("x-original-url", "https://shop.example.com/cart"),
    ];
    let answer = get(&fixture(), "/auth", &headers).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(
        answer.header("location"),
        "https://login.example.com/?return_to=https%3A%2F%2Fshop.example.com%2Fcart"
    );
    assert_ne!(answer.header("www-authenticate"), "-");
}

#[tokio::test]
async fn a_bad_token_is_refused_and_not_redirected() {
    let headers = [
        PAGE,
        ("x-forwarded-method", "GET"),
        ("x-forwarded-uri", "/cart"),
        ("authorization", "Bearer x.y.z"),
    ];
    let answer = get(&fixture(), "/auth", &headers).await;
    assert_eq!((answer.status(), answer.header("location")), (401, "-"));
}
