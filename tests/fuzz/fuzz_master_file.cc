// A master file: text → zone → checks → text → the same zone, whatever was wrong with the first
// text.
#include <string_view>

#include "storage/base/check.h"
#include "storage/zone/zone_check.h"
#include "storage/zone/zone_data.h"
#include "storage/zone/zone_text.h"

using namespace gatepost;
using namespace gatepost::storage;

namespace {

ZoneData read(std::string_view text, const Dname& apex, bool must_be_good) {
    MasterFileOptions options;
    options.origin = apex;
    options.generate_count_max = 300;
    ZoneDataBuilder builder(apex);
    Status status =
        read_master_text(text, "zone", options, [&](const MasterRecord& record) -> Status {
            builder.add(record);
            return {};
        });
    GATEPOST_CHECK(status.has_value() || !must_be_good);
    return *builder.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Dname apex = *dname_from_text("Example.");
    ZoneData zone = read({reinterpret_cast<const char*>(data), size}, apex, false);
    ZoneCheckReport report = check_zone(zone);
    for (const Finding& finding : report.findings) GATEPOST_CHECK(!finding.text().empty());
    for (bool relative : {false, true})
        GATEPOST_CHECK(read(zone_to_text(zone, {relative}), apex, true) == zone);
    return 0;
}
