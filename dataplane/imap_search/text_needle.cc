#include "dataplane/imap_search/text_needle.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/imap_search/casemap.h"
#include "dataplane/mail/header_field.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {
namespace {

constexpr size_t kLanes = 16;
// Octets compared at places that look like the needle, for each one of the text. Mail takes a
// fraction of one; beyond it the needle is one made up to take the product of both lengths.
constexpr size_t kComparedMax = 4;
using Lanes __attribute__((vector_size(kLanes))) = uint8_t;

// Octets by how often they are in mail, the most frequent first; others are rarer than all of them.
constexpr std::string_view kFrequent = " etaoinsrhldcumfpgwybv\r\n.=3,-/012<>:kxjqz";

size_t frequency(char c) {
    const size_t at = kFrequent.find(c);
    return at == std::string_view::npos ? 0 : kFrequent.size() - at;
}

bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}

Lanes splat(char c) {
    return Lanes{} + static_cast<uint8_t>(c);
}

Lanes load(const char* at) {
    Lanes lanes;
    std::memcpy(&lanes, at, sizeof lanes);
    return lanes;
}

// A bit for each lane that is all ones.
uint32_t mask_of(Lanes lanes) {
#ifdef __SSE2__
    using Octets __attribute__((vector_size(kLanes))) = char;
    return static_cast<uint32_t>(__builtin_ia32_pmovmskb128(reinterpret_cast<Octets&>(lanes)));
#else
    uint32_t mask = 0;
    for (size_t i = 0; i < kLanes; ++i) mask |= uint32_t{lanes[i] & 1U} << i;
    return mask;
#endif
}

}  // namespace

TextNeedle::TextNeedle(std::string_view text) {
    append_casemapped(text, needle_);
    std::ranges::transform(needle_, needle_.begin(), ascii_lower);
    for (size_t i = 1; i < needle_.size(); ++i) {
        if (frequency(needle_[i]) < frequency(needle_[first_])) first_ = i;
    }
    second_ = first_ == 0 ? needle_.size() - 1 : 0;
    for (size_t i = 0; i < needle_.size(); ++i) {
        if (i != first_ && frequency(needle_[i]) < frequency(needle_[second_])) second_ = i;
    }
    if (needle_.size() < 2) second_ = first_;
}

// How many it begins with.
size_t TextNeedle::equal_octets(const char* at) const {
    size_t i = 0;
    while (i < needle_.size() && ascii_lower(at[i]) == needle_[i]) ++i;
    return i;
}

// Whatever the needle is; copies the text.
bool TextNeedle::is_in_linearly(std::string_view text) const {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), ascii_lower);
    return ::memmem(lower.data(), lower.size(), needle_.data(), needle_.size()) != nullptr;
}

bool TextNeedle::is_in_casemapped(std::string_view text) const {
    if (needle_.empty()) return true;
    if (text.size() < needle_.size()) return false;
    const size_t places = text.size() - needle_.size() + 1;
    const char a = needle_[first_];
    const char b = needle_[second_];
    // A letter's bit 0x20 is set before it is compared; that takes some signs for letters in
    // upper case, and equal_octets() decides.
    const Lanes case_a = splat(is_letter(a) ? 0x20 : 0);
    const Lanes case_b = splat(is_letter(b) ? 0x20 : 0);
    const Lanes wanted_a = splat(a);
    const Lanes wanted_b = splat(b);
    size_t compared = 0;
    size_t at = 0;
    for (; at + kLanes <= places; at += kLanes) {
        const Lanes is_a = (load(text.data() + at + first_) | case_a) == wanted_a;
        const Lanes is_b = (load(text.data() + at + second_) | case_b) == wanted_b;
        for (uint32_t hits = mask_of(is_a & is_b); hits != 0; hits &= hits - 1) {
            const size_t equal = equal_octets(text.data() + at + std::countr_zero(hits));
            if (equal == needle_.size()) return true;
            compared += equal;
        }
        if (compared > kComparedMax * text.size()) return is_in_linearly(text.substr(at + kLanes));
    }
    for (; at < places; ++at) {
        if (equal_octets(text.data() + at) == needle_.size()) return true;
    }
    return false;
}

bool TextNeedle::is_in(std::string_view text, std::string& scratch) const {
    if (is_ascii(text)) return is_in_casemapped(text);
    scratch.clear();
    append_casemapped(text, scratch);
    return is_in_casemapped(scratch);
}

}  // namespace gatepost::dataplane
