// Fields of addresses (RFC 6857 §3.2.1) in ASCII alone.
#pragma once

#include <string>

#include "dataplane/mail/charset.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

// A field with its line end. An address that cannot be written is a group without one. A list that
// cannot be understood to its end, or that is too long, stands whole in a "Downgraded-" field
// instead; with From and Sender, which clients cannot do without, what could be understood of it
// stays before that under its own name.
std::string downgrade_addresses(const HeaderField& field, const Charsets& charsets);

}  // namespace gatepost::dataplane
