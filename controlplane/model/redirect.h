// Hosts whose HTTP requests are sent elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct Redirect {
    std::string host;
    std::string url;  // absolute, of http or https, without a fragment
    int code = 308;   // 301, 302, 307 or 308 (RFC 9110 §15.4)
    bool keep_path = true;

    bool operator==(const Redirect&) const = default;
};

struct RedirectResult {
    std::vector<Redirect> before;  // none or one
    std::vector<Redirect> after;
    // A position that an edge has reached when it shows the change; 0 after a dry run, or where
    // nothing changed.
    Lsn lsn = 0;
};

Result<std::vector<Redirect>> redirect_list(Connection& connection);
// In the place of one that the host has.
Result<RedirectResult> redirect_set(Connection& connection, const Redirect& redirect,
                                    const WriteOptions& options);
Result<RedirectResult> redirect_remove(Connection& connection, std::string_view host,
                                       const WriteOptions& options);

// Refused (usage) where it is not an absolute URL that a redirect can have.
Status check_redirect_url(std::string_view url);
// "example.org" of "https://Example.org:8443/x".
std::string host_of_url(std::string_view url);

}  // namespace gatepost::controlplane
