// Parameters of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2183), with the
// continuations, charsets and languages of RFC 2231.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {

struct Parameter {
    // In lower case. Ends with '*' where the value is "charset'language'text" with percent
    // encoding: as IMAP shows it (RFC 2231 §9), continuations put together.
    std::string name;
    std::string value;

    friend bool operator==(const Parameter&, const Parameter&) = default;
};

// `text` begins at the first ';' or is empty. The first of two of the same name counts. Says
// whether all were taken. O(n log n) for at most `parameters_max` of them.
bool parse_parameters(std::string_view text, size_t parameters_max,
                      std::vector<Parameter>& parameters);

// The value as it stands; nullptr: there is none. `name` in lower case.
const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

// The value for people, as UTF-8: of "name*" where that is given, else of "name", where encoded
// words are decoded though RFC 2047 §5 forbids them there. Empty: there is none.
std::string parameter_text(const std::vector<Parameter>& parameters, std::string_view name,
                           const Charsets& charsets);

}  // namespace gatepost::dataplane
