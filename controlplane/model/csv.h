// Comma-separated values (RFC 4180), as people write them: spaces around a value do not count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::controlplane {

// Takes one line off the front of `text`; a value in quotes may go over several. A line that is
// empty gives one empty value. An error (invalid) says what is wrong, without the line's number.
Result<std::vector<std::string>> take_csv_line(std::string_view& text);
// In quotes where it has to be.
void append_csv_value(std::string& out, std::string_view value);
// Without the blanks at both ends.
std::string csv_trimmed(std::string_view text);

}  // namespace gatepost::controlplane
