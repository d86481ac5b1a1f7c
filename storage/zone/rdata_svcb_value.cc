#include "storage/zone/rdata_svcb_value.h"

#include <algorithm>

#include "storage/zone/rdata_encoding.h"
#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

constexpr std::string_view kKeyNames[] = {"mandatory", "alpn",     "no-default-alpn",
                                          "port",      "ipv4hint", "ech",
                                          "ipv6hint",  "dohpath",  "ohttp"};
constexpr std::string_view kGenericPrefix = "key";
constexpr size_t kIpv4HintLength = 4, kIpv6HintLength = 16;  // octets
constexpr size_t kAlpnLengthMax = 255;                       // octets: its length is one octet

constexpr const char* kWantsNoValue = "takes no value";
constexpr const char* kBadMandatory =
    "wants keys other than itself, each once, with ',' between them";
constexpr const char* kBadAlpn = "wants protocol names of 1 to 255 octets, with ',' between them";
constexpr const char* kBadPort = "wants a number from 0 to 65535";
constexpr const char* kBadIpv4Hint = "wants IPv4 addresses, with ',' between them";
constexpr const char* kBadIpv6Hint = "wants IPv6 addresses, with ',' between them";
constexpr const char* kBadEch = "wants base64";

// Calls `take` for each item of a list with commas; stops, and gives false, where it gives false.
template <typename Take>
bool each_item(std::string_view list, Take take) {
    while (true) {
        size_t comma = list.find(',');
        if (!take(list.substr(0, comma))) return false;
        if (comma == std::string_view::npos) return true;
        list.remove_prefix(comma + 1);
    }
}

// RFC 9460 §8: on the wire the keys ascend; in text they may come in any order.
bool append_mandatory(std::string_view list, std::vector<uint8_t>& out) {
    std::vector<uint16_t> keys;
    bool good = each_item(list, [&](std::string_view item) {
        uint16_t key = 0;
        bool generic = false;
        if (!svc_key_from_text(item, key, generic)) return false;
        keys.push_back(key);
        return true;
    });
    std::ranges::sort(keys);
    for (uint16_t key : keys) ByteWriter(out).u16(key);
    return good;
}

// RFC 9460 appendix A.1: within an item a comma and a backslash have a backslash in front.
bool append_alpn(std::string_view list, std::vector<uint8_t>& out) {
    size_t start = out.size();
    out.push_back(0);
    auto close = [&] {
        size_t length = out.size() - start - 1;
        out[start] = static_cast<uint8_t>(length);
        return length >= 1 && length <= kAlpnLengthMax;
    };
    for (size_t at = 0; at < list.size(); ++at) {
        if (list[at] == ',') {
            if (!close()) return false;
            start = out.size();
            out.push_back(0);
            continue;
        }
        if (list[at] == '\\' && ++at == list.size()) return false;
        out.push_back(static_cast<uint8_t>(list[at]));
    }
    return close();
}

template <size_t length, typename Parse>
bool append_addresses(std::string_view list, Parse parse, std::vector<uint8_t>& out) {
    return each_item(list, [&](std::string_view item) {
        uint8_t octets[length];
        if (!parse(item, octets)) return false;
        ByteWriter(out).bytes(octets);
        return true;
    });
}

const char* check_mandatory(Bytes value) {
    if (value.empty() || value.size() % 2 != 0) return kBadMandatory;
    int last = kSvcMandatory;
    for (size_t at = 0; at < value.size(); at += 2) {
        int key = load_be16(&value[at]);
        if (key <= last || key == kSvcInvalidKey) return kBadMandatory;
        last = key;
    }
    return nullptr;
}

const char* check_alpn(Bytes value) {
    ByteReader in(value);
    do {
        if (in.bytes(in.u8()).empty()) return kBadAlpn;  // an empty name, or one that is cut short
    } while (!in.at_end());
    return nullptr;
}

void print_mandatory(Bytes value, std::string& out) {
    for (size_t at = 0; at < value.size(); at += 2) {
        if (at > 0) out += ',';
        svc_key_to_text(load_be16(&value[at]), out);
    }
}

void print_alpn(Bytes value, std::string& out) {
    std::vector<uint8_t> list;
    for (ByteReader in(value); !in.at_end();) {
        if (!list.empty()) list.push_back(',');
        for (uint8_t c : in.bytes(in.u8())) {
            if (c == ',' || c == '\\') list.push_back('\\');
            list.push_back(c);
        }
    }
    string_to_word(list, out);
}

template <size_t length>
void print_addresses(Bytes value, void (*print)(const uint8_t*, std::string&), std::string& out) {
    for (size_t at = 0; at < value.size(); at += length) {
        if (at > 0) out += ',';
        print(&value[at], out);
    }
}

}  // namespace

bool svc_key_from_text(std::string_view text, uint16_t& key, bool& generic) {
    generic = text.starts_with(kGenericPrefix);
    if (!generic) {
        const auto* name = std::ranges::find(kKeyNames, text);
        key = static_cast<uint16_t>(name - kKeyNames);
        return name != std::end(kKeyNames);
    }
    // RFC 9460 §2.1: the number has no leading zeros. 65535 is the invalid key (§14.3.2).
    std::string_view digits = text.substr(kGenericPrefix.size());
    uint64_t number = 0;
    if (!parse_number(digits, kSvcInvalidKey - 1, number)) return false;
    key = static_cast<uint16_t>(number);
    return digits.size() == 1 || digits[0] != '0';
}

void svc_key_to_text(uint16_t key, std::string& out) {
    if (key < std::size(kKeyNames)) {
        out += kKeyNames[key];
        return;
    }
    out += kGenericPrefix;
    print_number(key, out);
}

const char* svc_value_from_octets(uint16_t key, std::string_view value, std::vector<uint8_t>& out) {
    switch (key) {
        case kSvcMandatory:
            return append_mandatory(value, out) ? nullptr : kBadMandatory;
        case kSvcAlpn:
            return append_alpn(value, out) ? nullptr : kBadAlpn;
        case kSvcPort: {
            uint64_t port = 0;
            if (!parse_number(value, UINT16_MAX, port)) return kBadPort;
            ByteWriter(out).u16(static_cast<uint16_t>(port));
            return nullptr;
        }
        case kSvcIpv4Hint:
            return append_addresses<kIpv4HintLength>(value, parse_ipv4, out) ? nullptr
                                                                             : kBadIpv4Hint;
        case kSvcIpv6Hint:
            return append_addresses<kIpv6HintLength>(value, parse_ipv6, out) ? nullptr
                                                                             : kBadIpv6Hint;
        case kSvcEch: {
            Base64Decoder decoder(out);
            return decoder.feed(value) && decoder.finish() ? nullptr : kBadEch;
        }
        default:
            out.insert(out.end(), value.begin(), value.end());
            return nullptr;
    }
}

const char* svc_value_check(uint16_t key, Bytes value) {
    switch (key) {
        case kSvcMandatory:
            return check_mandatory(value);
        case kSvcAlpn:
            return check_alpn(value);
        case kSvcNoDefaultAlpn:
        case kSvcOhttp:
            return value.empty() ? nullptr : kWantsNoValue;
        case kSvcPort:
            return value.size() == 2 ? nullptr : kBadPort;
        case kSvcIpv4Hint:
            return !value.empty() && value.size() % kIpv4HintLength == 0 ? nullptr : kBadIpv4Hint;
        case kSvcIpv6Hint:
            return !value.empty() && value.size() % kIpv6HintLength == 0 ? nullptr : kBadIpv6Hint;
        case kSvcEch:
            return value.empty() ? kBadEch : nullptr;
        default:
            return nullptr;
    }
}

void svc_value_to_text(uint16_t key, Bytes value, std::string& out) {
    if (value.empty()) return;
    out += '=';
    switch (key) {
        case kSvcMandatory:
            return print_mandatory(value, out);
        case kSvcAlpn:
            return print_alpn(value, out);
        case kSvcPort:
            return print_number(load_be16(value.data()), out);
        case kSvcIpv4Hint:
            return print_addresses<kIpv4HintLength>(value, print_ipv4, out);
        case kSvcIpv6Hint:
            return print_addresses<kIpv6HintLength>(value, print_ipv6, out);
        case kSvcEch:
            return base64_to_text(value, out);
        default:
            return string_to_quoted(value, out);
    }
}

}  // namespace gatepost::storage
