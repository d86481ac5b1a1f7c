// Names from text and from messages: what is taken comes back the same, and orders equal to itself.
#include <string_view>

#include "storage/base/check.h"
#include "storage/zone/dname.h"

using namespace gatepost;
using namespace gatepost::storage;

namespace {
void check_name(DnameView name) {
    auto again = dname_from_text(dname_to_text(name));
    GATEPOST_CHECK(again.has_value() && again->length() == name.length());
    GATEPOST_CHECK(std::memcmp(again->view().data(), name.data(), name.length()) == 0);
    Dname lower = dname_lower(name);
    GATEPOST_CHECK(dname_equal(name, lower) && dname_compare(name, lower) == 0);
    GATEPOST_CHECK(dname_is_subdomain(name, name.suffix(name.label_count() / 2)));
    GATEPOST_CHECK(name.is_root() || dname_compare(name.parent(), name) < 0);
}
}  // namespace

// The first octet is the offset of a name in the message made of the rest.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (auto name = dname_from_text({reinterpret_cast<const char*>(data), size})) check_name(*name);
    ByteReader reader(Bytes(data, size));
    if (auto name = dname_from_wire(reader)) check_name(*name);
    if (size == 0) return 0;
    size_t end = 0;
    if (auto name = dname_from_message(Bytes(data + 1, size - 1), data[0], &end)) {
        GATEPOST_CHECK(end > data[0] && end <= size - 1);
        check_name(*name);
    }
    return 0;
}
