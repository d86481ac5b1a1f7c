// APPEND as a session reads it: line by line, the messages going by. Each step takes it on.
#include "dataplane/imap_syntax/append_parser.h"
#include "dataplane/imap_syntax/command_head.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;
using Step = AppendParser::Step;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view wire(reinterpret_cast<const char*>(data), size);
    auto take = [&](size_t octets) {
        const std::string_view taken = wire.substr(0, octets);
        wire.remove_prefix(taken.size());
        return taken;
    };
    auto take_line = [&] {
        const std::string_view line = take(std::min(wire.find("\r\n"), wire.size()));
        take(2);
        return line;
    };
    CommandText first(kTextLimitsLoggedIn);
    if (first.add_line(take_line()) != TextStatus::ok || !carries_message(first)) return 0;
    AppendParser parser(std::move(first), {.logged_in = true});
    for (size_t steps = 0;; ++steps) {
        GATEPOST_CHECK(steps <= 3 * size + 3);
        const Step step = parser.next();
        if (step == Step::error) GATEPOST_CHECK(!parser.error().text.empty());
        if (step == Step::error || step == Step::end) return 0;
        GATEPOST_CHECK(step == Step::argument_literal || !parser.command().name.empty());
        CommandText& text = parser.text();
        if (step == Step::message_literal) {
            take(parser.part().literal_octets);
            if (parser.add_line(take_line()) != TextStatus::ok) return 0;
        } else if (step == Step::argument_literal) {
            if (text.begin_literal() != TextStatus::ok) return 0;
            text.add_literal(take(text.literal_left()));
            if (text.literal_left() > 0 || text.add_line(take_line()) != TextStatus::ok) return 0;
        }
    }
}
