// Filter rules in files and compiled ones: what is taken is written the same again.
#include <algorithm>
#include <string_view>

#include "controlplane/model/filter_rule_csv.h"
#include "storage/base/check.h"
#include "storage/filter/filter_image.h"
#include "storage/filter/filter_manifest.h"

using namespace gatepost;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Bytes value(data, size);
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto rules = controlplane::filter_rules_from_csv(text, "file")) {
        const auto again =
            controlplane::filter_rules_from_csv(controlplane::filter_rules_to_csv(*rules), "again");
        GATEPOST_CHECK(again && *again == *rules);
    }
    if (const auto image = storage::decode_filter_image(value))
        GATEPOST_CHECK(std::ranges::equal(storage::encode_filter_image(*image), value));
    if (const auto manifest = storage::decode_filter_manifest(value))
        GATEPOST_CHECK(std::ranges::equal(storage::encode_filter_manifest(*manifest), value));
    return 0;
}
