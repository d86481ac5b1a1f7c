#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

bool parse_name(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    Result<Dname> name = dname_from_text(token->text, in.origin());
    if (!name) return in.refuse_field(name.error().message);
    ByteWriter(out).bytes(name->view().wire());
    return true;
}

// As dname_from_wire, without a copy.
const char* check_name(ByteReader& in) {
    size_t length = 0;
    while (true) {
        uint8_t label = in.u8();
        if (!in.ok()) return "is cut short";
        if (label > kLabelLengthMax) return "has a label longer than 63 octets, or is compressed";
        length += size_t{label} + 1;
        if (length > kDnameLengthMax) return "is longer than 255 octets";
        if (label == 0) return nullptr;
        in.bytes(label);
    }
}

void print_name(ByteReader& in, std::string& out) {
    if (Result<Dname> name = dname_from_wire(in)) out += dname_to_text(*name);
}

}  // namespace

const FieldCodec kNameField{parse_name, check_name, print_name};

}  // namespace gatepost::storage
