// What an IMAP server says to an import: however it comes in pieces, the responses are the same,
// and whatever they are, what is read from them is safe.
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/check.h"
#include "tools/gatepost/imap_client/folder_listing.h"
#include "tools/gatepost/imap_client/message_listing.h"

using namespace gatepost;
using namespace gatepost::tools;

namespace {

class Pieces final : public OctetSource, public BodySink {
  public:
    Pieces(std::string_view octets, size_t piece) : octets_(octets), piece_(piece) {}
    Result<std::string_view> read_some() override {
        const std::string_view some = octets_.substr(0, piece_);
        octets_.remove_prefix(some.size());
        return some;
    }
    Status begin_body(uint32_t uid, uint64_t octets) override {
        return add(std::to_string(uid) + "," + std::to_string(octets) + "|");
    }
    Status body_octets(std::string_view octets) override { return add(octets); }
    Status end_body() override { return add("|"); }
    Status add(std::string_view text) {
        seen += text;
        return {};
    }

    std::string seen;

  private:
    std::string_view octets_;
    size_t piece_;
};

std::string seen_in(std::string_view octets, size_t piece) {
    Pieces pieces(octets, piece);
    ResponseReader reader(pieces);
    while (auto response = reader.next(&pieces)) {
        const RemoteFolder folder = folder_of(*response, "INBOX.");
        pieces.seen += response->tag + response->status + response->code_name() + response->name +
                       folder.name() + folder.special_use;
        uids_in(response->code, 1000);
        if (const ResponseValue* flags = fetch_item(*response, "FLAGS"))
            pieces.seen += flags_text(*flags);
        if (const ResponseValue* date = fetch_item(*response, "INTERNALDATE"))
            pieces.seen += std::to_string(internal_date(date->string()).value_or(0));
    }
    return pieces.seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    GATEPOST_CHECK(seen_in(octets, size) == seen_in(octets, 1));
    return 0;
}
