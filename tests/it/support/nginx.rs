//! The real nginx, with auth_request in front of an upstream.

use std::path::Path;
use std::process::Command;

use jotgate::listen::Address;

use super::programs::{self, Gateway};

/// Starts nginx so that it asks jotgate's `/auth` about every request.
pub fn in_front_of(upstream: &Address, jotgate: &Address) -> Gateway {
    let asking = asking("/_auth", jotgate, "/auth");
    serving(&format!(
        r"
        location / {{
            auth_request /_auth;
            auth_request_set $user_id $upstream_http_x_user_id;
            auth_request_set $roles $upstream_http_x_roles;
            auth_request_set $email $upstream_http_x_email;
            proxy_set_header x-user-id $user_id;
            proxy_set_header x-roles $roles;
            proxy_set_header x-email $email;
            proxy_pass http://{upstream};
        }}
        {asking}"
    ))
}

/// The `location` at `path` that asks jotgate at `endpoint`.
pub fn asking(path: &str, jotgate: &Address, endpoint: &str) -> String {
    format!(
        r"
        location = {path} {{
            internal;
            proxy_pass http://{jotgate}{endpoint};
            proxy_pass_request_body off;
            proxy_set_header content-length '';
            proxy_set_header host $host;
            proxy_set_header x-original-method $request_method;
            proxy_set_header x-original-uri $request_uri;
        }}"
    )
}

/// Starts nginx with one server that has these `locations`.
pub fn serving(locations: &str) -> Gateway {
    Gateway::start(
        |directory| configuration(directory, locations),
        |directory, config| {
            let mut command = Command::new(programs::find("nginx", "JOTGATE_TEST_NGINX"));
            command.arg("-p").arg(directory).arg("-c").arg(config);
            command.args(["-e", "stderr"]);
            command
        },
    )
}

/// As `docs/` tells people to write it, but for the paths: nobody needs to be root here.
fn configuration(directory: &Path, locations: &str) -> String {
    let socket = programs::socket(directory);
    let socket = socket.display();
    format!(
        r"
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;

    server {{
        listen unix:{socket};
        {locations}
    }}
}}
"
    )
}
