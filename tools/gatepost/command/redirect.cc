// gatepost redirect list|add|remove
#include "controlplane/model/redirect.h"

#include <nlohmann/json.hpp>

#include "controlplane/model/host_name.h"
#include "storage/directory/redirect.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::Redirect;
using controlplane::RedirectResult;
using nlohmann::ordered_json;

ordered_json redirect_json(const Redirect& redirect) {
    return {{"host", redirect.host},
            {"url", redirect.url},
            {"code", redirect.code},
            {"keep_path", redirect.keep_path}};
}

Result<int> list(Context& context, const Arguments&) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto redirects = controlplane::redirect_list(*connection);
    if (!redirects) return tl::unexpected(std::move(redirects).error());
    Table table({{"HOST"}, {"URL"}, {"CODE", Align::right}, {"PATH"}});
    ordered_json out = ordered_json::array();
    for (const Redirect& redirect : *redirects) {
        table.row({redirect.host, redirect.url, std::to_string(redirect.code),
                   redirect.keep_path ? "kept" : "dropped"});
        out.push_back(redirect_json(redirect));
    }
    context.print(context.json() ? ordered_json{{"redirects", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

std::string text_of(const Redirect& redirect) {
    return fmt::format("{} {} {}{}\n", redirect.host, redirect.code, redirect.url,
                       redirect.keep_path ? " + path" : "");
}

void report(Context& context, const Arguments& arguments, const RedirectResult& result) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const auto one = [](const std::vector<Redirect>& rows) {
            return rows.empty() ? ordered_json() : redirect_json(rows.front());
        };
        const EdgeWait edge = wait_for_edge(context, arguments, result.lsn);
        context.print(ordered_json{{"dry_run", dry_run},
                                   {"before", one(result.before)},
                                   {"after", one(result.after)},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return;
    }
    if (result.before == result.after) return context.note("nothing to change");
    for (const Redirect& redirect : result.before) context.print("- " + text_of(redirect));
    for (const Redirect& redirect : result.after) context.print("+ " + text_of(redirect));
    if (dry_run) context.note("dry run: nothing was changed");
    wait_for_edge(context, arguments, result.lsn);
}

Result<int> add(Context& context, const Arguments& arguments) {
    Redirect redirect;
    auto host = controlplane::host_from_text(arguments.text("HOST"));
    if (!host) return tl::unexpected(std::move(host).error());
    redirect.host = *host;
    redirect.url = arguments.text("URL");
    redirect.keep_path = !arguments.has("--no-path");
    auto code = arguments.number("--code");
    if (!code) return tl::unexpected(std::move(code).error());
    redirect.code = static_cast<int>(code->value_or(308));
    if (redirect.host.starts_with('*') || !storage::is_redirect_code(redirect.code))
        return redirect.host.starts_with('*')
                   ? fail(ErrorCode::usage, "\"{}\": one host at a time is redirected",
                          redirect.host)
                   : fail(ErrorCode::usage,
                          "--code: {} is not a redirect, expected 301, 302, 307 or 308", **code);
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    if (Status good = controlplane::check_redirect_url(redirect.url); !good)
        return tl::unexpected(std::move(good).error());
    if (controlplane::host_of_url(redirect.url) == redirect.host)
        context.warning(
            "the URL is on that host itself: browsers go in a circle unless another server answers "
            "there");
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::redirect_set(*connection, redirect, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, arguments, *result);
    return kExitDone;
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto host = controlplane::host_from_text(arguments.text("HOST"));
    if (!host) return tl::unexpected(std::move(host).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::redirect_remove(*connection, *host, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, arguments, *result);
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> redirect_commands() {
    return {
        {.noun = "redirect",
         .verb = "list",
         .summary = "Lists the hosts whose HTTP requests are sent elsewhere.",
         .examples = {"gatepost redirect list", "gatepost redirect list --json"},
         .run = list},
        {.noun = "redirect",
         .verb = "add",
         .summary = "Sends HTTP and HTTPS requests for a host to a URL; in the place of where they "
                    "were sent before.",
         .arguments = {{"HOST", Arity::one, "the host: old.example.org"},
                       {"URL", Arity::one, "where to: https://www.example.org"}},
         .options = {{"--code", "CODE", "301, 302, 307 or 308 (default)"},
                     {"--no-path", "", "all to the URL itself, without the request's path"},
                     kNoWaitOption},
         .examples = {"gatepost redirect add old.example.org https://www.example.org",
                      "gatepost redirect add x.org https://a.org/moved --no-path --code 302"},
         .run = add},
        {.noun = "redirect",
         .verb = "remove",
         .summary = "No longer sends requests for a host elsewhere.",
         .arguments = {{"HOST", Arity::one, "the host"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost redirect remove old.example.org",
                      "gatepost redirect remove old.example.org --dry-run"},
         .run = remove},
    };
}

}  // namespace gatepost::tools
