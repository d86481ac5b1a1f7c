#include <algorithm>

#include "storage/zone/rdata_encoding.h"
#include "storage/zone/rdata_field.h"
#include "storage/zone/rdata_svcb_value.h"

namespace gatepost::storage {

namespace {

struct Param {
    uint16_t key;
    std::vector<uint8_t> value;
};

// The value's octets: quotes cut off, escapes undone (RFC 9460 appendix A).
bool unescape_value(std::string_view text, std::vector<uint8_t>& octets) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    return string_unescape(text, octets);
}

// key, key=value or key="value".
bool parse_param(TokenReader& in, Param& param) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    size_t equals = token->text.find('=');
    std::string_view name = token->text.substr(0, equals);
    bool generic = false;
    if (!svc_key_from_text(name, param.key, generic))
        return in.refuse("has an unknown key: expected a name such as alpn, or key0 to key65534");
    std::vector<uint8_t> octets;
    if (equals != std::string_view::npos && !unescape_value(token->text.substr(equals + 1), octets))
        return in.refuse("has a broken escape or quote in its value");
    const char* wrong = nullptr;
    if (generic)
        param.value = octets;  // RFC 9460 §2.1: the generic form holds the wire form
    else
        wrong = svc_value_from_octets(
            param.key, {reinterpret_cast<const char*>(octets.data()), octets.size()}, param.value);
    if (wrong == nullptr) wrong = svc_value_check(param.key, param.value);
    if (wrong == nullptr && param.value.size() > UINT16_MAX)
        wrong = "has a value longer than 65535 octets";
    if (wrong != nullptr) return in.refuse(fmt::format("is not right: {} {}", name, wrong));
    return true;
}

// What the parameters must be together, RFC 9460 §2.2, §7.1.1 and §8.
const char* check_params(ByteReader& in) {
    Bytes mandatory;  // the part whose keys have not come by yet; both it and the keys ascend
    int last = -1;
    bool alpn = false;
    while (!in.at_end()) {
        uint16_t key = in.u16();
        Bytes value = in.bytes(in.u16());
        if (!in.ok()) return "is cut short";
        if (key <= last) return "has a key twice, or keys out of order";
        if (key == kSvcInvalidKey) return "has the invalid key 65535";
        if (svc_value_check(key, value) != nullptr) return "has a value that is wrong for its key";
        if (key == kSvcMandatory) mandatory = value;
        if (key == kSvcAlpn) alpn = true;
        if (key == kSvcNoDefaultAlpn && !alpn) return "has no-default-alpn without alpn";
        if (!mandatory.empty() && load_be16(mandatory.data()) == key)
            mandatory = mandatory.subspan(2);
        last = key;
    }
    return mandatory.empty() ? nullptr : "lacks a key that 'mandatory' names";
}

bool parse_params(TokenReader& in, std::vector<uint8_t>& out) {
    std::vector<Param> params;
    while (!in.at_end())
        if (!parse_param(in, params.emplace_back())) return false;
    // RFC 9460 §2.2: ascending keys on the wire; in text any order.
    std::ranges::stable_sort(params, {}, &Param::key);
    size_t start = out.size();
    ByteWriter writer(out);
    for (const Param& param : params) {
        writer.u16(param.key);
        writer.u16(static_cast<uint16_t>(param.value.size()));
        writer.bytes(param.value);
    }
    ByteReader written(Bytes(out).subspan(start));
    const char* wrong = check_params(written);
    return wrong == nullptr || in.refuse_field(wrong);
}

void print_params(ByteReader& in, std::string& out) {
    const char* blank = "";
    while (!in.at_end()) {
        out += blank;
        uint16_t key = in.u16();
        svc_key_to_text(key, out);
        svc_value_to_text(key, in.bytes(in.u16()), out);
        blank = " ";
    }
}

}  // namespace

const FieldCodec kSvcParamsField{parse_params, check_params, print_params};

}  // namespace gatepost::storage
