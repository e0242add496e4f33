from services.fingerprints.main import main

raise SystemExit(main())
