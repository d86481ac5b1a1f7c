// One field of a header in ASCII alone.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {

// `field` is whole, and not in ASCII. The result has a line end.
std::string downgrade_field(std::string_view field, const Charsets& charsets);

}  // namespace gatepost::dataplane
