#include "cli/line.hpp"

#include <CLI/CLI.hpp>

namespace sluice::line {
namespace {

void add_verify_options(CLI::App* command, Line& line) {
    command
        ->add_option(
            "--since",
            line.since,
            "A checkpoint that was kept elsewhere: records that were cut off or rewritten since are found"
        )
        ->type_name("FILE");
    command
        ->add_option(
            "--witness",
            line.verify.witness,
            "A witness's verifier key: its newest co-signed checkpoint counts like --since"
        )
        ->type_name("KEY");
    command
        ->add_option(
            "--key", line.verify.key, "The log's verifier key (default: the one that lies beside it)"
        )
        ->type_name("KEY");
    command->add_flag("--json", line.verify.is_json, "One JSON object on stdout instead of lines");
}

Status verify(Line& line) {
    if (!line.since.empty()) line.verify.since = fs::absolute(line.since);
    return cli::verify_ledger(line.verify);
}

void add_ledger_key(CLI::App& ledger, Line& line) {
    CLI::App* keygen = add_command(
        ledger,
        line,
        "keygen",
        "Make a signing key (0600, never over another); the verifier key stands alone on the last line of "
        "the "
        "output"
    );
    keygen->add_option("FILE", line.path, "The key file")->required();
    keygen->add_option("--name", line.keygen.name, "Its name in checkpoints, such as cctv.example/log");
    keygen->add_flag("--witness", line.keygen.is_witness, "A key that co-signs instead of signing");
    keygen->callback([&line] {
        line.command = [&line] {
            line.keygen.file = fs::absolute(line.path);
            return cli::make_ledger_key(line.keygen);
        };
    });
}

void add_ledger_witness(CLI::App& ledger, Line& line) {
    CLI::App* witness = add_command(
        ledger,
        line,
        "witness",
        "One round of a witness: fetch the newest checkpoint, check that it continues the one seen before, "
        "co-sign "
        "it, post that back. Exit code 1 when the log is inconsistent; for cron, on another machine than the "
        "log"
    );
    witness->add_option("URL", line.witness.url, "The service, such as https://cctv.example:8443")
        ->required();
    witness->add_option("--state", line.state, "What was seen last; made at the first round")
        ->required()
        ->type_name("FILE");
    witness->add_option("--key", line.key_file, "The witness's key, from `sluice ledger keygen --witness`")
        ->required()
        ->type_name("FILE");
    witness
        ->add_option(
            "--log-key", line.witness.log_key, "The log's verifier key, as its operator gave it to you"
        )
        ->required()
        ->type_name("KEY");
    witness->add_option("--token-file", line.token_file, "A token that may read the log and co-sign")
        ->type_name("FILE");
    witness
        ->add_option("--ca", line.authorities, "PEM file of the authorities to trust instead of the system's")
        ->type_name("FILE");
    witness->callback([&line] {
        line.command = [&line] {
            line.witness.state = fs::absolute(line.state);
            line.witness.key = fs::absolute(line.key_file);
            line.witness.token = line.token_file.empty() ? fs::path{} : fs::absolute(line.token_file);
            line.witness.authorities = line.authorities;
            return cli::witness_ledger(line.witness);
        };
    });
}

void add_copies(CLI::App& app, Line& line) {
    CLI::App* copies = app.add_subcommand("copies", "Sealed copies of footage")->require_subcommand(1);
    CLI::App* keygen = add_command(
        *copies,
        line,
        "keygen",
        "Make the key that signs sealed copies (0600); its verifier key stands alone on the last line of the "
        "output"
    );
    add_config(keygen, line)->required();
    keygen->add_flag(
        "--replace",
        line.is_replacing,
        "Instead of the present one, whose private half is removed; packages that it signed stay good, and "
        "<data>/ledger/copies.vkeys lists its verifier key"
    );
    keygen->callback([&line] {
        line.command = [&line] { return cli::make_copies_key({line.config_path(), line.is_replacing}); };
    });
}

void add_ledger(CLI::App& app, Line& line) {
    CLI::App* ledger = app.add_subcommand("ledger", "The audit log")->require_subcommand(1);
    add_ledger_key(*ledger, line);
    add_ledger_witness(*ledger, line);
    CLI::App* check = add_command(
        *ledger,
        line,
        "verify",
        "Compare the whole log in the database with its checkpoint; exit code 1 when anything was found"
    );
    add_config(check, line)->required();
    add_verify_options(check, line);
    check->callback([&line] {
        line.command = [&line] {
            line.verify.config = line.config_path();
            return verify(line);
        };
    });
    CLI::App* copy = add_command(
        *ledger, line, "export", "Write the log into a new folder that `sluice verify` and others can check"
    );
    add_config(copy, line)->required();
    copy->add_option("DIR", line.path, "A folder that is missing or empty")->required();
    copy->callback([&line] {
        line.command = [&line] { return cli::export_ledger(line.config_path(), fs::absolute(line.path)); };
    });
    CLI::App* erase = add_command(
        *ledger,
        line,
        "erase",
        "Take a record's text away; its place in the tree stays, and the reason becomes a record"
    );
    add_config(erase, line)->required();
    erase->add_option("RECORD", line.path, "The record's id")->required();
    erase->add_option("--reason", line.reason, "Why, and on what basis")->required();
    erase->callback([&line] {
        if (line.reason.empty()) throw CLI::ValidationError("--reason", "must say something");
        line.command = [&line] { return cli::erase_record(line.config_path(), line.path, line.reason); };
    });
    CLI::App* offline = add_command(
        app,
        line,
        "verify",
        "Check a sealed copy (archive or unpacked folder) or an export of the audit log: without database or "
        "service; exit code 1 when anything was found"
    );
    offline->add_option("PATH", line.path, "The copy's archive or folder, or the export's folder")
        ->required();
    add_verify_options(offline, line);
    offline
        ->add_option(
            "--log-key", line.log_key, "Of a copy: the audit log's verifier key; --key is the copy's own"
        )
        ->type_name("KEY");
    offline
        ->add_option(
            "--keys",
            line.keys_file,
            "Of a copy: a file of verifier keys, one a line, of which one has signed it (copies.vkeys of the "
            "office)"
        )
        ->type_name("FILE");
    offline->callback([&line] {
        line.command = [&line] {
            const fs::path path = fs::absolute(line.path);
            if (cli::is_sealed_copy(path))
                return cli::verify_copy(
                    {path,
                     line.verify.key,
                     line.keys_file.empty() ? fs::path{} : fs::absolute(line.keys_file),
                     line.log_key,
                     line.verify.is_json}
                );
            line.verify.folder = path;
            return verify(line);
        };
    });
}

}  // namespace

void add_ledger_commands(CLI::App& app, Line& line) {
    add_copies(app, line);
    add_ledger(app, line);
}

}  // namespace sluice::line
