// Where mail for an address ends up, by the rows of the database: what an edge finds in its
// directory.
//
// An address is looked for in this order: as the source of aliases; as an account; both again
// without its subaddress; as postmaster; as the domain's "@example.org". A domain that is an alias
// stands for the other one all the way. A circle of aliases ends where it closes: in that address's
// account where it has one, else nowhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// How far an edge follows aliases.
inline constexpr int kAliasDepthMax = 10;
inline constexpr size_t kAliasRecipientsMax = 100;

struct MailRoute {
    bool ours = false;                    // its domain is a mail domain here
    bool active = false;                  // and takes mail
    std::vector<std::string> accounts;    // addresses of those that get it
    std::vector<std::string> over_quota;  // of these, those that are full
    std::vector<std::string> elsewhere;   // addresses of other systems
    std::vector<std::string> nobody;      // of ours that nobody has, or whose domain is inactive
    bool loop = false;                    // aliases go in a circle that ends nowhere
    bool cut = false;                     // more levels or recipients than are followed

    bool arrives() const { return !accounts.empty() || !elsewhere.empty(); }
    bool whole() const { return arrives() && nobody.empty() && !loop && !cut; }
};

// An address, or one alias's way: `from` with only that `target`.
struct MailRouteStart {
    std::string from;    // normalized; "@example.org" only with a target
    std::string target;  // "": all that `from` leads to
};

// One for each start, in their order. `postmaster`: who has the mail for the postmaster of domains
// that name none of their own (RFC 5321 §4.5.1); "": nobody.
Result<std::vector<MailRoute>> mail_routes(Connection& connection,
                                           const std::vector<MailRouteStart>& starts,
                                           const std::string& postmaster = {});

}  // namespace gatepost::controlplane
