// A record's type on the first line and its data behind: text → wire → text → wire.
#include <string_view>
#include <vector>

#include "storage/base/check.h"
#include "storage/zone/rdata.h"

using namespace gatepost::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    size_t line_end = input.find('\n');
    if (line_end == std::string_view::npos) return 0;
    auto type = rrtype_from_text(input.substr(0, line_end));
    if (!type) return 0;
    static const Dname origin = *dname_from_text("Example.com.");
    std::vector<uint8_t> wire = {0xaa};
    if (!rdata_from_text(*type, input.substr(line_end + 1), origin, wire)) {
        GATEPOST_CHECK(wire.size() == 1);
        return 0;
    }
    wire.erase(wire.begin());
    GATEPOST_CHECK(rdata_check(*type, wire).has_value());
    std::vector<uint8_t> again;
    GATEPOST_CHECK(
        rdata_from_text(*type, rdata_to_text(*type, wire), DnameView(), again).has_value());
    GATEPOST_CHECK(again == wire);
    return 0;
}
