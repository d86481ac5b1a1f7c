// A session of SMTP in each of its states: whatever comes then, in whatever pieces, the replies are
// well-formed and the same, each 250 for a message has its message, and nothing is left behind.
#include <array>
#include <string>

#include "tests/fuzz/session_input.h"
#include "tests/unit/smtp/smtp_rig.h"

using namespace gatepost;
using namespace gatepost::dataplane;
using namespace gatepost::tests;

namespace {

struct State {
    SmtpRole role;
    std::string_view said;  // before the input
};
constexpr std::string_view kMail = "EHLO a\r\nMAIL FROM:<>\r\n";
constexpr std::array kStates = {
    State{SmtpRole::mx, ""},
    State{SmtpRole::mx, "EHLO a\r\n"},
    State{SmtpRole::mx, kMail},
    State{SmtpRole::mx, "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\n"},
    State{SmtpRole::mx, "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"},
    State{SmtpRole::mx,
          "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\nA: b\r\n\r\n"},
    State{SmtpRole::mx, "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nBDAT 3\r\nA: "},
    State{SmtpRole::submission, "EHLO a\r\n"},
    State{SmtpRole::submission, "EHLO a\r\nAUTH LOGIN\r\n"},
    State{SmtpRole::submission, "EHLO a\r\nAUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\r\n"},
    State{SmtpRole::lmtp, "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<info@example.org>\r\n"},
    State{SmtpRole::local, "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<x@b.example>\r\nDATA\r\n"},
};

// Gives them without the difference between faults of one message: which is seen first depends on
// the pieces that it comes in.
std::string check_replies(const std::string& said) {
    std::string replies;
    for (size_t begin = 0, end; begin < said.size(); begin = end + 2) {
        end = said.find("\r\n", begin);
        GATEPOST_CHECK(end != std::string::npos && end - begin >= 4 && end - begin <= 510);
        GATEPOST_CHECK(said[begin] >= '2' && said[begin] <= '5');
        GATEPOST_CHECK(said[begin + 3] == ' ' || said[begin + 3] == '-');
        const std::string line = said.substr(begin, end - begin);
        const bool fault = line.starts_with("550 5.6.") || line.starts_with("552 5.3.4") ||
                           line.starts_with("554 5.4.6");
        // A challenge may have a nonce.
        const bool challenge = line.starts_with("334 ");
        replies += (fault ? "a fault" : challenge ? "a challenge" : line) + '\n';
    }
    return replies;
}

std::string run(const State& state, std::string_view octets, size_t piece) {
    SmtpOptions options = smtp_options(state.role);
    options.tls_required = false;
    options.message_octets_max = 5'000;
    SmtpRig rig(options, size_t{4} << 20);
    rig.environment.scans = true;
    const std::string said = say_all(rig, state.said, octets, piece);
    const FakeStore& store = rig.environment.messages;
    GATEPOST_CHECK(store.under_way == 0);
    for (const StoredMessage& message : store.messages) {
        GATEPOST_CHECK(said.find(message.envelope.id.text()) != std::string::npos);
        GATEPOST_CHECK(!message.envelope.recipients.empty());
        GATEPOST_CHECK(message.octets.size() <= 5'000 + MessageStore::kPrefixMax + 1'000);
        GATEPOST_CHECK(storage::decode_envelope(storage::encode_envelope(message.envelope)) ==
                       message.envelope);
    }
    return check_replies(said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    check_pieces({data, size}, 40'000, kStates, run);
    return 0;
}
