// Mail domains and addresses as people write them, in the one form that the database holds.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::controlplane {

// All of these refuse (usage) what is none.

// "Example.ORG.", "bücher.example" → "example.org", "xn--bcher-kva.example".
Result<std::string> mail_domain_from_text(std::string_view text);
// "Ada@Example.org" → "ada@example.org".
Result<std::string> mail_address_from_text(std::string_view text);
// An address, or "@example.org" for all addresses of the domain that nobody else has.
Result<std::string> alias_source_from_text(std::string_view text);

// A host that mail programs are told of: one, by its name. "IMAP.Bücher.example." →
// "imap.xn--bcher-kva.example".
Result<std::string> client_host_from_text(std::string_view text);

// Of an address in that form: "example.org", "ada".
std::string_view domain_of(std::string_view address);
std::string_view local_part_of(std::string_view address);

}  // namespace gatepost::controlplane
