// Names of hosts as certificates and the directory have them: in lower case, without the last dot;
// "*." in front stands for one label (RFC 6125 §6.4.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::controlplane {

// Whether it is one, exactly in that form. An underscore is let through: it is in use.
bool is_host_name(std::string_view name);
// What a person wrote, in that form.
Result<std::string> host_from_text(std::string_view text);
// Whether one of `names` is `host` or a wildcard for it.
bool names_cover(const std::vector<std::string>& names, std::string_view host);

}  // namespace gatepost::controlplane
