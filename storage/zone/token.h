// Tokens of master-file text (RFC 1035 §5.1). A token's text is the raw slice of the input, escapes
// not yet undone, the quotes of a quoted string cut off.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::storage {

struct Token {
    std::string_view text;
    bool quoted = false;
    uint32_t line = 1;    // from 1
    uint32_t column = 1;  // from 1, in octets
};

// Splits one record's data as the database holds it: blanks separate, "…" quotes, no comments, no
// parentheses. Tokens refer to `text`. `out` is cleared first.
Status tokenize_rdata(std::string_view text, std::vector<Token>& out);

}  // namespace gatepost::storage
