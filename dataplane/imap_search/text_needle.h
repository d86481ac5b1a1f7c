// A text that is looked for in others: anywhere in them, in any case (RFC 9051 §6.4.4: substrings,
// not words).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

class TextNeedle {
  public:
    // UTF-8.
    explicit TextNeedle(std::string_view text);

    bool empty() const { return needle_.empty(); }
    // Octets of it, as it is compared.
    size_t size() const { return needle_.size(); }

    // `text` is casemapped (append_casemapped()), or ASCII alone. Compares 16 octets at a time at
    // the two places of the needle that are rarest in mail. Linear in the text's length.
    bool is_in_casemapped(std::string_view text) const;
    // Any UTF-8. `scratch` is overwritten where the text is not ASCII alone.
    bool is_in(std::string_view text, std::string& scratch) const;

  private:
    size_t equal_octets(const char* at) const;
    bool is_in_linearly(std::string_view text) const;

    std::string needle_;  // casemapped, letters of ASCII in lower case
    size_t first_ = 0;    // where the rarest octet of it is, and the second rarest behind it
    size_t second_ = 0;
};

}  // namespace gatepost::dataplane
