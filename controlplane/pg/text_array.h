// text[] values between PostgreSQL's forms and ours: the literal {"a","b"}, and the binary form.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// Appends the literal with every element quoted.
void text_array_append(std::string& out, std::span<const std::string> values);
std::string text_array_to_literal(std::span<const std::string> values);

// Both take arrays of one dimension without NULLs, which is all that our tables hold.
Result<std::vector<std::string>> text_array_from_literal(std::string_view literal);
// Appends to `out` what refers to `value`. `out` is cleared first.
Status text_array_from_binary(Bytes value, std::vector<std::string_view>& out);

}  // namespace gatepost::controlplane
