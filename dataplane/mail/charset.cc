#include "dataplane/mail/charset.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

// Windows-1252 where it is not ISO-8859-1: 0x80 to 0x9f; 0 is unassigned.
constexpr uint16_t kWindows1252[] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

uint32_t from_latin1(uint8_t octet) {
    return octet;
}

uint32_t from_windows1252(uint8_t octet) {
    if (octet < 0x80 || octet > 0x9f) return octet;
    const uint16_t code_point = kWindows1252[octet - 0x80];
    return code_point == 0 ? kReplacement : code_point;
}

uint32_t from_latin9(uint8_t octet) {
    switch (octet) {
        case 0xa4:
            return 0x20ac;
        case 0xa6:
            return 0x0160;
        case 0xa8:
            return 0x0161;
        case 0xb4:
            return 0x017d;
        case 0xb8:
            return 0x017e;
        case 0xbc:
            return 0x0152;
        case 0xbd:
            return 0x0153;
        case 0xbe:
            return 0x0178;
        default:
            return octet;
    }
}

struct BuiltIn {
    std::string_view name;
    uint32_t (*code_point)(uint8_t octet);
};
constexpr BuiltIn kBuiltIns[] = {
    {"iso-8859-1", from_latin1},  {"iso8859-1", from_latin1},         {"latin1", from_latin1},
    {"iso_8859-1", from_latin1},  {"windows-1252", from_windows1252}, {"cp1252", from_windows1252},
    {"iso-8859-15", from_latin9}, {"iso8859-15", from_latin9},        {"latin-9", from_latin9},
};

// Besides the built-in ones, what the charset statistics of mail archives show.
constexpr std::string_view kOthers[] = {
    "iso-8859-2",   "iso-8859-3",   "iso-8859-4",   "iso-8859-5",   "iso-8859-6",   "iso-8859-7",
    "iso-8859-8",   "iso-8859-9",   "iso-8859-10",  "iso-8859-13",  "iso-8859-14",  "iso-8859-16",
    "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255", "windows-1256",
    "windows-1257", "windows-1258", "koi8-r",       "koi8-u",       "gb2312",       "gbk",
    "gb18030",      "big5",         "shift_jis",    "iso-2022-jp",  "euc-jp",       "euc-kr",
    "iso-2022-kr",  "tis-620",      "utf-16",       "utf-16be",     "utf-16le",     "utf-7",
    "macintosh",    "ibm850",       "ibm437"};

void append_valid(std::string_view octets, std::string& out) {
    while (!octets.empty()) {
        const auto* high = std::ranges::find_if(octets, [](char c) { return (c & 0x80) != 0; });
        const auto ascii = static_cast<size_t>(high - octets.begin());
        out += octets.substr(0, ascii);
        octets.remove_prefix(ascii);
        if (octets.empty()) return;
        const size_t length = utf8_sequence_length(octets);
        if (length == 0)
            append_code_point(kReplacement, out);
        else
            out += octets.substr(0, length);
        octets.remove_prefix(length == 0 ? 1 : length);
    }
}

}  // namespace

size_t utf8_sequence_length(std::string_view text) {
    auto octet = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
    auto is_tail = [&](size_t i) { return (octet(i) & 0xc0) == 0x80; };
    const int first = octet(0);
    if (text.empty()) return 0;
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    if (!is_tail(1)) return 0;
    if (first < 0xe0) return 2;
    // No overlong forms, no surrogates, nothing above U+10FFFF.
    if ((first == 0xe0 && octet(1) < 0xa0) || (first == 0xed && octet(1) > 0x9f)) return 0;
    if ((first == 0xf0 && octet(1) < 0x90) || (first == 0xf4 && octet(1) > 0x8f)) return 0;
    if (!is_tail(2)) return 0;
    if (first < 0xf0) return 3;
    return is_tail(3) ? 4 : 0;
}

void append_code_point(uint32_t code_point, std::string& out) {
    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
        code_point = kReplacement;
    auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
    };
    if (code_point < 0x80) {
        out += static_cast<char>(code_point);
    } else if (code_point < 0x800) {
        out += static_cast<char>(0xc0 | (code_point >> 6));
        tail(0);
    } else if (code_point < 0x10000) {
        out += static_cast<char>(0xe0 | (code_point >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | (code_point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

Charsets Charsets::open_all() {
    Charsets charsets;
    for (std::string_view name : kOthers) {
        iconv_t handle = ::iconv_open("UTF-8", name.data());
        // iconv_open(3) says that there is none by (iconv_t)-1.
        if (reinterpret_cast<intptr_t>(handle) == -1) continue;
        charsets.converters_.push_back({name, std::unique_ptr<void, Close>(handle)});
    }
    return charsets;
}

bool Charsets::knows(std::string_view charset) const {
    auto is_it = [&](std::string_view name) { return equal_ignoring_case(charset, name); };
    return is_it("utf-8") || is_it("us-ascii") ||
           std::ranges::any_of(kBuiltIns, is_it, &BuiltIn::name) ||
           std::ranges::any_of(converters_, is_it, &Converter::name);
}

void Charsets::append_utf8(std::string_view charset, std::string_view octets,
                           std::string& out) const {
    for (const BuiltIn& built_in : kBuiltIns) {
        if (!equal_ignoring_case(charset, built_in.name)) continue;
        for (char c : octets) append_code_point(built_in.code_point(static_cast<uint8_t>(c)), out);
        return;
    }
    for (const Converter& converter : converters_) {
        if (equal_ignoring_case(charset, converter.name))
            return convert(converter.handle.get(), octets, out);
    }
    append_valid(octets, out);
}

void Charsets::convert(iconv_t converter, std::string_view octets, std::string& out) const {
    // A converter of a stateful charset starts anew.
    ::iconv(converter, nullptr, nullptr, nullptr, nullptr);
    char* in = const_cast<char*>(octets.data());  // iconv(3) does not write there
    size_t in_left = octets.size();
    while (in_left > 0) {
        char buffer[512];
        char* to = buffer;
        size_t to_left = sizeof buffer;
        const size_t result = ::iconv(converter, &in, &in_left, &to, &to_left);
        const int error = errno;
        out.append(buffer, static_cast<size_t>(to - buffer));
        if (result != static_cast<size_t>(-1)) break;
        if (error == E2BIG) continue;
        append_code_point(kReplacement, out);
        if (error == EINVAL) break;  // the last character is cut short
        ++in;
        --in_left;
    }
}

}  // namespace gatepost::dataplane
