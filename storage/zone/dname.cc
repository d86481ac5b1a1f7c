#include "storage/zone/dname.h"

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

uint8_t to_lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c | 0x20) : c;
}

bool equal_octets(const uint8_t* a, const uint8_t* b, size_t length) {
    // A length octet is at most 63, below 'A': lower-casing it changes nothing.
    for (size_t i = 0; i < length; ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}

// The start of each label, from the left. Gives their count.
size_t label_starts(DnameView name, const uint8_t* (&starts)[kLabelCountMax + 1]) {
    size_t count = 0;
    for (const uint8_t* p = name.data(); *p != 0; p += *p + 1) starts[count++] = p;
    return count;
}

int compare_labels(const uint8_t* a, const uint8_t* b) {
    size_t common = a[0] < b[0] ? a[0] : b[0];
    for (size_t i = 1; i <= common; ++i) {
        int difference = int{to_lower(a[i])} - int{to_lower(b[i])};
        if (difference != 0) return difference;
    }
    return int{a[0]} - int{b[0]};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// One character of a label's text, its escape undone. Moves `at`. -1: a broken escape.
int unescape(std::string_view text, size_t& at) {
    char c = text[at++];
    if (c != '\\') return static_cast<uint8_t>(c);
    if (at >= text.size()) return -1;
    if (!is_digit(text[at])) return static_cast<uint8_t>(text[at++]);
    if (at + 3 > text.size() || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) return -1;
    int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
    at += 3;
    return value <= 255 ? value : -1;
}

tl::unexpected<Error> bad_name(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid, "'{}' is not a domain name: {}", text.substr(0, 300), why);
}

}  // namespace

size_t DnameView::label_count() const {
    size_t count = 0;
    for (const uint8_t* p = data_; *p != 0; p += *p + 1) ++count;
    return count;
}

DnameView DnameView::parent() const {
    if (is_root()) return *this;
    size_t skip = size_t{data_[0]} + 1;
    return {data_ + skip, length_ - skip};
}

DnameView DnameView::suffix(size_t labels) const {
    DnameView name = *this;
    for (size_t count = label_count(); count > labels; --count) name = name.parent();
    return name;
}

Dname& Dname::lower() {
    for (size_t i = 0; i < length_; ++i) octets_[i] = to_lower(octets_[i]);
    return *this;
}

Dname dname_lower(DnameView name) {
    return Dname(name).lower();
}

Result<Dname> dname_from_text(std::string_view text, DnameView origin) {
    if (text.empty()) return bad_name(text, "it is empty");
    if (text == "@") return Dname(origin);
    if (text == ".") return Dname();
    Dname name;
    size_t used = 0;         // octets written, the open label's length octet included
    size_t label_start = 0;  // position of the open label's length octet
    bool absolute = false;
    used = 1;
    for (size_t at = 0; at < text.size();) {
        if (text[at] == '.') {
            size_t label_length = used - label_start - 1;
            if (label_length == 0) return bad_name(text, "it has an empty label");
            name.octets_[label_start] = static_cast<uint8_t>(label_length);
            label_start = used;
            if (used >= kDnameLengthMax) return bad_name(text, "it is longer than 255 octets");
            ++used;
            ++at;
            absolute = at == text.size();
            continue;
        }
        int c = unescape(text, at);
        if (c < 0)
            return bad_name(text, "a '\\' needs a character or three digits up to 255 behind it");
        if (used - label_start - 1 == kLabelLengthMax)
            return bad_name(text, "a label is longer than 63 octets");
        if (used >= kDnameLengthMax) return bad_name(text, "it is longer than 255 octets");
        name.octets_[used++] = static_cast<uint8_t>(c);
    }
    if (absolute) {
        name.octets_[label_start] = 0;
        name.length_ = static_cast<uint8_t>(label_start + 1);
        return name;
    }
    name.octets_[label_start] = static_cast<uint8_t>(used - label_start - 1);
    if (used + origin.length() > kDnameLengthMax)
        return bad_name(text, "it is longer than 255 octets with the origin behind it");
    std::memcpy(name.octets_ + used, origin.data(), origin.length());
    name.length_ = static_cast<uint8_t>(used + origin.length());
    return name;
}

Result<Dname> dname_from_wire(ByteReader& reader) {
    Dname name;
    size_t used = 0;
    while (true) {
        uint8_t length = reader.u8();
        if (!reader.ok()) return fail(ErrorCode::invalid, "a domain name is cut short");
        if (length > kLabelLengthMax) {
            reader.fail();
            return fail(ErrorCode::invalid, "a label longer than 63 octets, or a compressed name");
        }
        if (used + length + 1 + (length != 0 ? 1 : 0) > kDnameLengthMax) {
            reader.fail();
            return fail(ErrorCode::invalid, "a domain name longer than 255 octets");
        }
        name.octets_[used++] = length;
        if (length == 0) break;
        Bytes label = reader.bytes(length);
        if (!reader.ok()) return fail(ErrorCode::invalid, "a domain name is cut short");
        std::memcpy(name.octets_ + used, label.data(), length);
        used += length;
    }
    name.length_ = static_cast<uint8_t>(used);
    return name;
}

Result<Dname> dname_from_message(Bytes message, size_t offset, size_t* end) {
    Dname name;
    size_t used = 0;
    size_t at = offset;
    size_t lowest = offset;  // a pointer must lead before every place already read: no loops
    bool jumped = false;
    while (true) {
        if (at >= message.size()) return fail(ErrorCode::invalid, "a domain name is cut short");
        uint8_t length = message[at];
        if ((length & 0xc0) == 0xc0) {
            if (at + 1 >= message.size())
                return fail(ErrorCode::invalid, "a compression pointer is cut short");
            size_t target = load_be16(&message[at]) & 0x3fff;
            if (!jumped && end != nullptr) *end = at + 2;
            jumped = true;
            if (target >= lowest)
                return fail(ErrorCode::invalid,
                            "a compression pointer that does not point backwards");
            lowest = target;
            at = target;
            continue;
        }
        if (length > kLabelLengthMax) return fail(ErrorCode::invalid, "an unknown label type");
        if (at + 1 + length > message.size())
            return fail(ErrorCode::invalid, "a domain name is cut short");
        if (used + length + 1 + (length != 0 ? 1 : 0) > kDnameLengthMax)
            return fail(ErrorCode::invalid, "a domain name longer than 255 octets");
        std::memcpy(name.octets_ + used, &message[at], size_t{length} + 1);
        used += size_t{length} + 1;
        at += size_t{length} + 1;
        if (length == 0) break;
    }
    if (!jumped && end != nullptr) *end = at;
    name.length_ = static_cast<uint8_t>(used);
    return name;
}

Result<Dname> dname_join(DnameView prefix, DnameView suffix) {
    size_t length = prefix.length() - 1 + suffix.length();
    if (length > kDnameLengthMax)
        return fail(ErrorCode::invalid, "'{}' in front of '{}' is longer than 255 octets",
                    dname_to_text(prefix), dname_to_text(suffix));
    Dname name;
    std::memcpy(name.octets_, prefix.data(), prefix.length() - 1);
    std::memcpy(name.octets_ + prefix.length() - 1, suffix.data(), suffix.length());
    name.length_ = static_cast<uint8_t>(length);
    return name;
}

std::string dname_to_text(DnameView name) {
    if (name.is_root()) return ".";
    std::string text;
    text.reserve(name.length() + 8);
    for (const uint8_t* p = name.data(); *p != 0; p += *p + 1) {
        for (size_t i = 1; i <= *p; ++i) {
            uint8_t c = p[i];
            if (c <= ' ' || c >= 0x7f) {
                text += fmt::format("\\{:03d}", c);
            } else {
                if (c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' || c == ';' ||
                    c == '@' || c == '$')
                    text += '\\';
                text += static_cast<char>(c);
            }
        }
        text += '.';
    }
    return text;
}

bool dname_equal(DnameView a, DnameView b) {
    return a.length() == b.length() && equal_octets(a.data(), b.data(), a.length());
}

bool dname_is_subdomain(DnameView name, DnameView ancestor) {
    if (name.length() < ancestor.length()) return false;
    size_t skip = name.length() - ancestor.length();
    // The tail must begin at a label, not inside one.
    const uint8_t* p = name.data();
    const uint8_t* tail = name.data() + skip;
    while (p < tail) p += *p + 1;
    return p == tail && equal_octets(tail, ancestor.data(), ancestor.length());
}

int dname_compare(DnameView a, DnameView b) {
    const uint8_t* a_labels[kLabelCountMax + 1];
    const uint8_t* b_labels[kLabelCountMax + 1];
    size_t a_count = label_starts(a, a_labels);
    size_t b_count = label_starts(b, b_labels);
    while (a_count > 0 && b_count > 0) {
        int difference = compare_labels(a_labels[--a_count], b_labels[--b_count]);
        if (difference != 0) return difference;
    }
    return a_count > 0 ? 1 : (b_count > 0 ? -1 : 0);
}

}  // namespace gatepost::storage
