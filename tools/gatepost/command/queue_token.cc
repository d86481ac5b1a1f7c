// gatepost queue token
#include <nlohmann/json.hpp>

#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "storage/password/random.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/queue_commands.h"

namespace gatepost::tools {

namespace {

constexpr size_t kTokenOctets = 32;  // nobody guesses 256 bits, so that a plain digest will do

Result<int> token(Context& context, const Arguments& arguments) {
    const std::string label = arguments.text("LABEL");
    if (label.find_first_of(": \t#") != std::string::npos)
        return fail(ErrorCode::usage, "\"{}\": a label has no blanks, \":\" or \"#\"", label);
    auto octets = storage::random_octets(kTokenOctets);
    if (!octets) return tl::unexpected(std::move(octets).error());
    const std::string token = "gpq_" + storage::encode_hex(*octets);
    const std::string line =
        fmt::format("{}:{{SHA256}}{}", label,
                    storage::encode_base64(storage::digest(storage::DigestKind::sha256, {token})));
    if (context.json()) {
        context.print(nlohmann::ordered_json{{"token", token}, {"line", line}}.dump(2) + "\n");
        return kExitDone;
    }
    context.note("for whoever fetches (it is shown once):");
    context.print(token + "\n");
    context.note("for the file that queue_api.token_file names:");
    context.print(line + "\n");
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> queue_token_commands() {
    return {
        {.noun = "queue",
         .verb = "token",
         .summary = "Makes a token for fetching the queue over HTTP, and the line that lets it in. "
                    "Nothing is stored.",
         .arguments = {{"LABEL", Arity::one, "whose it is: relay1"}},
         .examples = {"gatepost queue token relay1", "gatepost queue token relay1 --json"},
         .run = token},
    };
}

}  // namespace gatepost::tools
