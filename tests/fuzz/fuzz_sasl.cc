// SASL exchanges: the first octet chooses the mechanism and what the connection has, the lines that
// follow are the client's messages. Nothing succeeds but by a verdict, and after its end an
// exchange stays at its end. "%n" in a message stands for what the server's last challenge had, so
// that a SCRAM exchange can get to its end.
#include <string>
#include <string_view>

#include "dataplane/auth/sasl.h"
#include "dataplane/auth/sasl_scram.h"
#include "storage/base/check.h"
#include "storage/password/number_text.h"

using namespace gatepost;
using namespace gatepost::dataplane;
using Kind = SaslStep::Kind;

namespace {

const ScramDecoyKey kDecoyKey{1, 2, 3};
const uint8_t kBinding[32] = {9};

SaslStep answer(SaslExchange& exchange, SaslStep step, bool yes) {
    const auto keys = storage::ScramKeys{storage::ScramHash::sha256, 4096, std::string(16, 's'),
                                         std::string(32, 'k'), std::string(32, 'v')};
    if (step.kind == Kind::find_scram_keys) step = exchange.give_keys(yes ? &keys : nullptr);
    if (step.kind == Kind::check_password || step.kind == Kind::check_token) {
        GATEPOST_CHECK(!exchange.login().empty() && exchange.login().size() <= kLoginMax);
        GATEPOST_CHECK(!exchange.secret().empty());
        step = exchange.decide(yes);
        if (!yes) GATEPOST_CHECK(step.kind != Kind::success);
    } else {
        // A client cannot know the proof for these keys: it would have to find a SHA-256 preimage.
        GATEPOST_CHECK(step.kind != Kind::success);
    }
    return step;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const auto mechanism = static_cast<SaslMechanism>((data[0] & 7) % 5);
    SaslContext context{.decoy_key = &kDecoyKey};
    if ((data[0] & 0x20) != 0) context.tls_exporter = kBinding;
    if ((data[0] & 0x40) != 0) context.plus_offered = true;
    const auto exchange = make_sasl_exchange(mechanism, context);
    GATEPOST_CHECK(exchange.has_value());
    std::string_view messages(reinterpret_cast<const char*>(data) + 1, size - 1);
    bool ended = false;
    std::string challenge;
    while (!messages.empty()) {
        std::string message(storage::take_field(messages, '\n'));
        if (const size_t at = message.find("%n"); at != std::string::npos)
            message.replace(at, 2, challenge.substr(0, challenge.find(',')));
        SaslStep step = (*exchange)->step(message);
        GATEPOST_CHECK(!ended || step.kind == Kind::failure);
        step = answer(**exchange, std::move(step), (data[0] & 0x80) != 0);
        ended = step.kind == Kind::failure || step.kind == Kind::success;
        GATEPOST_CHECK((step.failure != SaslFailure::none) == (step.kind == Kind::failure));
        challenge = step.challenge;
    }
    (void)decode_sasl_text({reinterpret_cast<const char*>(data), size});
    return 0;
}
