// What a server says to the load generator: however it is cut into pieces, the responses are the
// same, and whatever they are, what is read from them is safe.
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/check.h"
#include "tools/load/imap/imap_facts.h"
#include "tools/load/imap/imap_scanner.h"

using namespace gatepost;
using namespace gatepost::tools;

namespace {

std::vector<std::string> responses_of(std::string_view octets, size_t piece) {
    std::vector<std::string> responses;
    ImapScanner scanner;
    ImapResponse response;
    while (!octets.empty()) {
        std::string_view part = octets.substr(0, piece);
        octets.remove_prefix(part.size());
        for (;;) {
            const ImapScanner::Found found = scanner.take(part, response);
            if (found == ImapScanner::Found::malformed) return responses;
            if (found == ImapScanner::Found::nothing) break;
            fetched_flags(response.text);
            appended_uid(response.text);
            responses.push_back(std::to_string(response.literal_octets) + "|" +
                                std::string(response.tag) + "|" + std::string(response.text));
        }
    }
    return responses;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    GATEPOST_CHECK(responses_of(octets, size) == responses_of(octets, 1));
    return 0;
}
