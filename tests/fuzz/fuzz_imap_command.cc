// A command of IMAP with its literals: whatever comes, it is taken apart within its bounds.
#include "dataplane/imap_syntax/command_parser.h"
#include "dataplane/imap_syntax/modified_utf7.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

void check_key(const SearchKey& key, size_t depth, size_t& keys) {
    GATEPOST_CHECK(depth <= kSearchDepthMax && ++keys <= 3 * kSearchKeysMax);
    for (const SearchKey& child : key.children) check_key(child, depth + 1, keys);
}

void check_name(const std::string& name) {
    std::string encoded;
    append_modified_utf7(encoded, name);
    GATEPOST_CHECK(decode_modified_utf7(encoded) == name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const ParseContext context{
        .logged_in = true, .utf8_accepted = (data[0] & 1) != 0, .rev2 = (data[0] & 2) != 0};
    std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    CommandText text(data[0] & 4 ? kTextLimitsBeforeLogin : kTextLimitsLoggedIn);
    for (;;) {
        const size_t end = std::min(wire.find("\r\n"), wire.size());
        if (text.add_line(wire.substr(0, end)) != TextStatus::ok) break;
        wire.remove_prefix(std::min(end + 2, wire.size()));
        if (!text.announced() || text.begin_literal() != TextStatus::ok) break;
        const std::string_view octets = wire.substr(0, text.literal_left());
        text.add_literal(octets);
        wire.remove_prefix(octets.size());
        if (text.literal_left() > 0) break;
    }
    const auto command = parse_command(text, context);
    if (!command) {
        GATEPOST_CHECK(!command.error().tag.empty() && !command.error().text.empty());
        return 0;
    }
    GATEPOST_CHECK(!command->tag.empty());
    size_t keys = 0;
    if (const auto* search = std::get_if<SearchArguments>(&command->arguments))
        check_key(search->key, 0, keys);
    if (const auto* select = std::get_if<SelectArguments>(&command->arguments))
        check_name(select->mailbox);
    return 0;
}
