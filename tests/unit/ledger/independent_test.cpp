// The log against tests/ledger/independent.py, which was written from the specifications alone.
#include "storage/ledger/checkpoint.hpp"
#include "storage/ledger/record.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/ledger/forest.hpp"

#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::ledger {
namespace {

using nlohmann::json;
using test::Forest;

json to_json(const std::vector<Hash>& hashes) {
    json list = json::array();
    for (const Hash& hash : hashes)
        list.push_back(to_hex(hash));
    return list;
}

std::vector<Bytes> random_leaves(std::size_t count) {
    std::mt19937 random{20260924};
    std::vector<Bytes> leaves(count);
    for (Bytes& leaf : leaves) {
        leaf.resize(random() % 70);
        for (std::uint8_t& byte : leaf)
            byte = static_cast<std::uint8_t>(random());
    }
    return leaves;
}

Forest plant(const std::vector<Bytes>& leaves, json& hex) {
    Forest forest;
    hex = json::array();
    for (const Bytes& leaf : leaves) {
        forest.add(leaf);
        hex.push_back(to_hex(leaf));
    }
    return forest;
}

json tree_of(std::size_t count) {
    json tree;
    Forest forest = plant(random_leaves(count), tree["leaves"]);
    tree["root"] = to_hex(Tree{forest, count}.root(count).value());
    return tree;
}

/// Every inclusion and consistency proof among the sizes up to 64.
json all_proofs() {
    json proofs;
    Forest forest = plant(random_leaves(64), proofs["leaves"]);
    Tree tree{forest, 64};
    for (std::uint64_t size = 0; size <= 64; ++size) {
        for (std::uint64_t index = 0; index < size; ++index)
            proofs["inclusion"].push_back(
                {{"index", index},
                 {"size", size},
                 {"hashes", to_json(tree.inclusion_proof(index, size).value())}}
            );
        for (std::uint64_t old = 0; old <= size; ++old)
            proofs["consistency"].push_back(
                {{"old", old}, {"size", size}, {"hashes", to_json(tree.consistency_proof(old, size).value())}}
            );
    }
    return proofs;
}

json some_records() {
    json records = json::array();
    for (const char* facts :
         {"{}",
          R"({"\u20ac":1,"\r":[true,null],"\ufb33":"\u000f\n","1":{"b":2,"a":-3},"\ud83d\ude00":"調閱","\u007f":""})"
         }) {
        const auto record = make_record(
            {.action = "clip.opened",
             .actor = system_actor("sluice-api"),
             .subject = {.kind = "clip", .id = "\"\\/"},
             .facts = facts},
            UtcTime{}
        );
        records.push_back(
            {{"text", record->text},
             {"salt", to_hex(record->salt)},
             {"leaf", to_hex(leaf_data(record->salt, record->text))}}
        );
    }
    return records;
}

TEST_CASE(
    "roots, proofs, records, notes and co-signatures agree with an independent implementation",
    "[ledger]"
) {
    const auto key = SigningKey::make("sluice.example/log", KeyKind::log);
    const auto witness = SigningKey::make("sluice.example/witness", KeyKind::witness);
    Note note = parse_note(sign_checkpoint(17, leaf_hash(as_bytes("x")), key)).value();
    note.signatures.push_back(witness.cosign(note.text, 1'764'100'001));
    const json vectors{
        {"trees", {tree_of(0), tree_of(1), tree_of(7), tree_of(1000)}},
        {"proofs", all_proofs()},
        {"records", some_records()},
        {"text", note.text},
        {"note", to_string(note)},
        {"seconds", 1'764'100'001},
        {"log_key", to_string(key.verifier())},
        {"witness_key", to_string(witness.verifier())},
    };
    const test::TempFolder folder;
    std::ofstream{folder.path() / "vectors.json"} << vectors.dump();
    const auto judged = test::run_to_end(
        {"/usr/bin/python3",
         SLUICE_SOURCE_DIR "/tests/ledger/independent.py",
         "vectors",
         folder.path() / "vectors.json"},
        std::chrono::minutes{2}
    );
    REQUIRE(judged);
    INFO(judged->errors);
    REQUIRE(judged->status.code == 0);

    // And the other way round: notes that were made there are read here.
    const json made = json::parse(judged->output);
    const Note theirs = parse_note(made["note"].get<std::string>()).value();
    const auto their_log = verifier_key_from(made["log"].get<std::string>()).value();
    CHECK(open_checkpoint(theirs, their_log).value().size == 7);
    CHECK(
        cosigned_at(theirs, verifier_key_from(made["witness"].get<std::string>()).value()) == 1'764'100'000
    );
}

}  // namespace
}  // namespace sluice::ledger
