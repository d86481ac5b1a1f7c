// gatepost compat postoffice: Postoffice's management commands for mail.
#include <fmt/format.h>

#include "controlplane/model/account.h"
#include "controlplane/model/credential.h"
#include "controlplane/model/filing_rule.h"
#include "controlplane/model/mail_alias.h"
#include "controlplane/model/mail_domain.h"
#include "controlplane/model/mail_name.h"
#include "storage/password/create.h"
#include "storage/password/verify.h"
#include "tools/gatepost/command/compat_commands.h"
#include "tools/gatepost/command/read_text.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using controlplane::Connection;

// Its errors are of CommandError: a line, exit code 1.
template <typename... Args>
tl::unexpected<Error> command_error(fmt::format_string<Args...> format, Args&&... args) {
    return fail(ErrorCode::refused, format, std::forward<Args>(args)...);
}

Result<std::string> address_of(const CompatCall& call, size_t words, std::string_view usage) {
    if (call.words.size() != words) return fail(ErrorCode::usage, "Required arguments: {}", usage);
    auto address = controlplane::mail_address_from_text(call.words[0]);
    if (!address) return command_error("Improperly formatted email address.");
    return address;
}

Status have_domain(Context& context, Connection& connection, const CompatCall& call,
                   const std::string& name, std::string_view unknown) {
    auto there = controlplane::mail_domain_list(connection, name);
    if (!there) return tl::unexpected(std::move(there).error());
    if (!there->empty()) return {};
    if (!call.arguments.has("--create-domain")) return fail(ErrorCode::refused, "{}", unknown);
    auto made = controlplane::mail_domain_put(connection, name, {}, call.options);
    if (!made) return tl::unexpected(std::move(made).error());
    context.print(fmt::format("Created domain: {}.\n", name));
    return {};
}

Status have_account(Connection& connection, const std::string& address) {
    auto domain = controlplane::mail_domain_list(connection, controlplane::domain_of(address));
    if (!domain) return tl::unexpected(std::move(domain).error());
    if (domain->empty()) return command_error("Domain does not exist.");
    auto there = controlplane::account_list(connection, {.address = address});
    if (!there) return tl::unexpected(std::move(there).error());
    if (there->empty()) return command_error("Username does not exist.");
    return {};
}

Result<int> success(Context& context, const CompatCall& call, controlplane::Lsn lsn) {
    context.print("Success.\n");
    wait_for_edge(context, call.arguments, lsn);
    return kExitDone;
}

Result<int> addmailbox(Context& context, const CompatCall& call) {
    auto address = address_of(call, 1, "email [--create-domain] [--password password]");
    if (!address) return tl::unexpected(std::move(address).error());
    controlplane::NewAccount account{.address = *address};
    if (call.arguments.has("--password")) {
        warn_of_argv(context);
        auto hash =
            storage::hash_password(storage::kPreferredScheme, call.arguments.text("--password"));
        if (!hash) return tl::unexpected(std::move(hash).error());
        account.hash = std::move(*hash);
    }
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto there = controlplane::account_list(*connection, {.address = *address});
    if (!there) return tl::unexpected(std::move(there).error());
    if (!there->empty()) return command_error("Username exist already.");
    if (Status have =
            have_domain(context, *connection, call, std::string(controlplane::domain_of(*address)),
                        "Domain does not exist.");
        !have)
        return tl::unexpected(std::move(have).error());
    auto added = controlplane::account_add(*connection, account, call.options);
    if (!added) return tl::unexpected(std::move(added).error());
    if (!account.hash.empty()) context.print("Set the password.\n");
    return success(context, call, added->lsn);
}

Result<int> store_password(Context& context, Connection& connection, const CompatCall& call,
                           const std::string& address, const std::string& password) {
    auto hash = storage::hash_password(storage::kPreferredScheme, password);
    if (!hash) return tl::unexpected(std::move(hash).error());
    auto set = controlplane::password_set(connection, address, *hash, {"*"}, call.options);
    if (!set) return tl::unexpected(std::move(set).error());
    return success(context, call, set->lsn);
}

Result<int> setpasswd(Context& context, const CompatCall& call) {
    auto address = address_of(call, 2, "email new_password");
    if (!address) return tl::unexpected(std::move(address).error());
    warn_of_argv(context);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (Status have = have_account(*connection, *address); !have)
        return tl::unexpected(std::move(have).error());
    return store_password(context, *connection, call, *address, call.words[1]);
}

Result<int> changepasswd(Context& context, const CompatCall& call) {
    auto address = address_of(call, 3, "email current_password new_password");
    if (!address) return tl::unexpected(std::move(address).error());
    warn_of_argv(context);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (Status have = have_account(*connection, *address); !have)
        return tl::unexpected(std::move(have).error());
    auto hashes = controlplane::password_hashes(*connection, *address);
    if (!hashes) return tl::unexpected(std::move(hashes).error());
    for (const std::string& hash : *hashes)
        if (storage::verify_password(call.words[1], hash, *address) ==
            storage::VerifyOutcome::match)
            return store_password(context, *connection, call, *address, call.words[2]);
    return command_error("Incorrect password.");
}

Result<int> addalias(Context& context, const CompatCall& call) {
    if (call.words.size() != 3)
        return fail(ErrorCode::usage,
                    "Required arguments: owner-domain source-address destination-address "
                    "[--create-domain]");
    const std::string& owner = call.words[0];
    auto domain =
        controlplane::mail_domain_from_text(owner.starts_with('@') ? owner.substr(1) : owner);
    if (!domain) return tl::unexpected(std::move(domain).error());
    auto source = controlplane::alias_source_from_text(call.words[1]);
    if (!source) return tl::unexpected(std::move(source).error());
    auto target = controlplane::mail_address_from_text(call.words[2]);
    if (!target) return command_error("Improperly formatted email address: {}.", call.words[2]);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (Status have = have_domain(context, *connection, call, *domain,
                                  fmt::format("Domain '{}', does not exist.", *domain));
        !have)
        return tl::unexpected(std::move(have).error());
    auto added = controlplane::mail_alias_add(*connection, *source, {*target}, call.options);
    if (!added) return tl::unexpected(std::move(added).error());
    if (added->added.empty()) return command_error("Alias exists already.");
    for (const std::string& warning : added->warnings) context.warning(warning);
    return success(context, call, added->lsn);
}

Result<int> import_rules(Context& context, const CompatCall& call) {
    auto address = address_of(call, 2, "mailbox rulesfile");
    if (!address) return tl::unexpected(std::move(address).error());
    auto text = read_text(call.words[1]);
    if (!text) return tl::unexpected(std::move(text).error());
    auto rules = controlplane::filing_rules_from_csv(*text, call.words[1]);
    if (!rules) return tl::unexpected(std::move(rules).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (Status have = have_account(*connection, *address); !have)
        return tl::unexpected(std::move(have).error());
    auto result = controlplane::filing_rule_import(*connection, *address, *rules,
                                                   call.arguments.has("--reset"), call.options);
    if (!result) return tl::unexpected(std::move(result).error());
    if (call.arguments.has("--reset"))
        context.print(
            fmt::format("Erasing previous rules!!!\n  - Erased {} rules\n", result->removed));
    context.print(fmt::format("Adding rules for mailbox: {}\n", *address));
    for (const auto& rule : *rules)
        context.print(
            fmt::format("Added rule: {}: {} -> {}\n", rule.field, rule.contains, rule.folder));
    return success(context, call, result->lsn);
}

Result<int> write_rules(Context& context, const CompatCall& call) {
    auto address = address_of(call, 2, "mailbox rulesfile");
    if (!address) return tl::unexpected(std::move(address).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (Status have = have_account(*connection, *address); !have)
        return tl::unexpected(std::move(have).error());
    auto rules = controlplane::filing_rule_list(*connection, *address);
    if (!rules) return tl::unexpected(std::move(rules).error());
    if (Status written = write_text(call.words[1], controlplane::filing_rules_to_sieve(*rules));
        !written)
        return tl::unexpected(std::move(written).error());
    return success(context, call, 0);
}

}  // namespace

Result<int> compat_postoffice(Context& context, const Arguments& arguments) {
    auto call = compat_call(context, arguments);
    if (!call) return tl::unexpected(std::move(call).error());
    struct Row {
        std::string_view name;
        std::string_view now;
        Result<int> (*run)(Context&, const CompatCall&);
    };
    constexpr Row kRows[] = {
        {"addmailbox", "user add", addmailbox},
        {"setpasswd", "user password", setpasswd},
        {"changepasswd", "user password", changepasswd},
        {"addalias", "alias add", addalias},
        {"import-from-rules", "rules import", import_rules},
        {"write-rules", "rules export --sieve", write_rules},
    };
    for (const Row& row : kRows) {
        if (row.name != call->command) continue;
        say_new_spelling(context, row.now);
        return row.run(context, *call);
    }
    return fail(ErrorCode::usage,
                "\"{}\" is not a command of Postoffice for mail, expected addmailbox, setpasswd, "
                "changepasswd, addalias, import-from-rules or write-rules",
                call->command);
}

}  // namespace gatepost::tools
