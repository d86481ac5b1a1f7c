// A record's type in two octets and its data in wire form: good data comes back from its text;
// names and canonical form stay inside of any data.
#include <vector>

#include "storage/base/check.h"
#include "storage/zone/rdata.h"

using namespace gatepost;
using namespace gatepost::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    RRType type{load_be16(data)};
    std::vector<uint8_t> wire(data + 2, data + size);
    bool good = rdata_check(type, wire).has_value();
    std::vector<uint8_t> again;
    GATEPOST_CHECK(
        rdata_from_text(type, rdata_to_text(type, wire), DnameView(), again).has_value() == good);
    if (good) GATEPOST_CHECK(again == wire);

    RdataName names[kRdataNamesMax];
    size_t count = rdata_names(type, wire, names);
    GATEPOST_CHECK(count <= kRdataNamesMax);
    for (size_t i = 0; i < count; ++i) {
        GATEPOST_CHECK(names[i].offset + names[i].length <= wire.size());
        ByteReader reader(Bytes(wire).subspan(names[i].offset, names[i].length));
        GATEPOST_CHECK(dname_from_wire(reader).has_value() && reader.at_end());
    }
    rdata_canonicalize(type, again = wire);
    GATEPOST_CHECK(again.size() == wire.size() && rdata_check(type, again).has_value() == good);
    return 0;
}
