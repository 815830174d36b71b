"""The checks in scripts/ must find what they are there for."""
import importlib.util
import pathlib
import sys
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check_includes = load(SCRIPTS / "check-includes.py")
run_tests = load(SCRIPTS / "checks" / "run_tests.py")


def found(path, text):
    return [what for _, what in check_includes.faults(path, text)]


class Includes(unittest.TestCase):
    def test_daemon_and_api_never_include_each_other(self):
        self.assertTrue(found("daemon/a.cpp", '#include "api/route.hpp"\n'))
        self.assertTrue(found("storage/clip/a.cpp", '#include "daemon/source.hpp"\n'))
        self.assertFalse(found("api/a.cpp", '#include "storage/clip/clip.hpp"\n'))

    def test_a_detail_folder_is_private(self):
        self.assertTrue(found("storage/clip/a.cpp", '#include "storage/catalogue/detail/connection.hpp"\n'))
        self.assertFalse(found("storage/catalogue/a.cpp", '#include "storage/catalogue/detail/connection.hpp"\n'))
        self.assertFalse(found("storage/catalogue/detail/a.cpp", '#include "storage/catalogue/detail/b.hpp"\n'))

    def test_libraries_have_one_home_and_heavy_headers_stay_out_of_headers(self):
        self.assertTrue(found("api/a.cpp", "#include <pqxx/pqxx>\n"))
        self.assertTrue(found("config/a.hpp", "#pragma once\n#include <nlohmann/json.hpp>\n"))
        self.assertFalse(found("config/a.cpp", "#include <nlohmann/json.hpp>\n"))


class Rules(unittest.TestCase):
    def test_sql_stays_in_repositories(self):
        statement = 'constexpr auto kFind = R"sql(\n  SELECT id\n  FROM cameras\n)sql";\n'
        self.assertTrue(found("api/a.cpp", statement))
        self.assertTrue(found("api/a.cpp", 'run("insert into cameras values (1)");'))
        self.assertFalse(found("storage/catalogue/camera_repository.cpp", statement))
        self.assertFalse(found("api/a.cpp", '// SELECT id FROM cameras\nsay("select a camera");'))

    def test_forbidden_calls(self):
        self.assertTrue(found("api/a.cpp", "co_spawn(ex, f(), asio::detached);"))
        self.assertTrue(found("daemon/a.cpp", "auto now = std::chrono::system_clock::now();"))
        self.assertFalse(found("config/base/time.cpp", "auto now = std::chrono::system_clock::now();"))
        self.assertTrue(found("daemon/a.cpp", "try { f(); } catch (...) {}"))
        self.assertFalse(found("daemon/a.cpp", '// detached\nlog("catch (...)");'))

    def test_a_fault_names_its_line(self):
        self.assertEqual([line for line, _ in check_includes.faults("daemon/a.cpp", "\n\nx(asio::detached);")], [3])


class Reports(unittest.TestCase):
    def test_a_report_cut_off_by_a_crash_names_the_test(self):
        text = ('<Catch><Group><TestCase name="one"><OverallResult success="true"/></TestCase>'
                '<TestCase name="two"><Section name="x">')
        cases, cut_off = run_tests.read_report(text)
        self.assertEqual([case.get("name") for case in cases], ["one"])
        self.assertEqual(cut_off, "two")

    def test_a_failed_case_shows_its_expression(self):
        text = ('<Catch><TestCase name="one"><Expression success="false" filename="a.cpp" line="7"><Original>a == b'
                '</Original><Expanded>1 == 2</Expanded></Expression><OverallResult success="false"/></TestCase></Catch>')
        cases, cut_off = run_tests.read_report(text)
        self.assertIsNone(cut_off)
        self.assertEqual(run_tests.described(list(cases)[0]), "a.cpp:7: a == b\n  1 == 2")


if __name__ == "__main__":
    unittest.main()
